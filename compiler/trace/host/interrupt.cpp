// SPDX-License-Identifier: Apache-2.0
// InterruptGuard: Ctrl-C asks, and what runs stops where its results are whole.
#include "compiler/trace/host/interrupt.h"

#include "runtime/files/archive.h"

#include <csignal>

namespace overtime {
namespace {

volatile std::sig_atomic_t interrupts = 0;
int guards = 0; // of which the outermost answers to the signal
struct sigaction previous_action;

void on_interrupt(int signal) {
  interrupts = interrupts + 1;
  if (interrupts < 2)
    return;
  overtime_remove_unfinished();
  std::signal(signal, SIG_DFL); // takes effect when the handler returns
  std::raise(signal);
}

} // namespace

InterruptGuard::InterruptGuard() {
  if (guards++ > 0)
    return;
  interrupts = 0;
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &previous_action);
}
InterruptGuard::~InterruptGuard() {
  if (--guards == 0)
    sigaction(SIGINT, &previous_action, nullptr);
}
bool InterruptGuard::interrupted() const { return interrupts > 0; }

} // namespace overtime
