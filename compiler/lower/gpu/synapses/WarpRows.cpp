// SPDX-License-Identifier: Apache-2.0
// Draws the targets of a source, 32 at a time: those of runtime/rows.cpp.
#include "compiler/lower/gpu/synapses/WarpRows.h"

#include "compiler/lower/functions/Philox.h"

using namespace mlir;

namespace overtime::ir {

using Predicate = arith::CmpIPredicate;
constexpr int64_t group = 64, blocks = 16; // words that are drawn together, four of each block

WarpRows::WarpRows(WarpCode &code, ModuleConstants &constants, RowRuleAttr rule, Value lane)
    : code(code), constants(constants), rule(rule), lane(lane) {}

/// Threads 0 to 15 have a block each, and so have the others, of which they take other words.
std::array<Value, 4> WarpRows::words(Value source, Value stream, Value number) {
  auto seed = uint64_t(rule.rows->seed);
  Value block = code.add(code.mul(number, code.i32(blocks)), code.both(lane, code.i32(blocks - 1)));
  Value row = code.toI64(source);
  WordCode rounds{code.b, code.loc};
  std::array<Value, 4> c = rounds.philox({code.toI64(block), row, rounds.high(row), code.toI64(stream)},
                                         {code.i64(int64_t(seed & 0xffffffff)), code.i64(int64_t(seed >> 32))});
  for (Value &word : c)
    word = code.low(word);
  return c;
}

Value WarpRows::wordOf(const std::array<Value, 4> &words, Value half) {
  Value odd = code.is(Predicate::uge, lane, code.i32(blocks));
  Value first = code.choose(odd, words[1], words[0]), second = code.choose(odd, words[3], words[2]);
  return code.choose(code.isSet(half), second, first);
}

/// A share of the sources, by the first word of a stream that is no segment's; null where all have targets.
Value WarpRows::hasTargets(Value source) {
  constexpr int64_t everyone = int64_t(1) << 32;
  if (rule.rows->share >= everyone)
    return {};
  Value first = code.of(code.i32(0), words(source, code.i32(-1), code.i32(0))[0]);
  return code.is(Predicate::ult, code.toI64(first), code.i64(rule.rows->share));
}

SmallVector<Value> WarpRows::each(Value source, const Marks &marks, ValueRange carried, Visit visit) {
  if (rule.rows->number == 0)
    return llvm::to_vector_of<Value>(carried);
  auto all = [&] {
    return needsMarks() ? eachByNumber(source, marks, carried, visit) : eachByGaps(source, carried, visit);
  };
  Value has = hasTargets(source);
  return has ? code.when(has, carried, all) : all();
}

/// A segment of the targets at a time: every word is a gap from a target to the next, so that the place of a thread's
/// target is a sum over the threads before it.
SmallVector<Value> WarpRows::eachByGaps(Value source, ValueRange carried, Visit visit) {
  const overtime_rows &rows = *rule.rows;
  int64_t bits = rows.gap_bits, columns = int64_t(1) << bits;
  Value gaps = constants.at(code.b, code.loc, ArrayRef(reinterpret_cast<const int64_t *>(rows.gaps), columns));
  Value mask = code.i32(columns - 1), one = code.i32(1);
  auto turn = [&](Value word, Value next, Value end, ValueRange now) {
    Value column = code.both(word, mask), entry = code.load(gaps, code.toIndex(column));
    Value stays = code.is(Predicate::ult, code.shiftRight(word, code.i32(bits)), code.high(entry));
    Value outcome = code.choose(stays, column, code.low(entry)), has = code.is(Predicate::ne, outcome, mask);
    Value distance = code.choose(has, code.add(outcome, one), outcome), sum = code.sumUpTo(distance, lane);
    Value beyond = code.add(next, sum), target = code.sub(beyond, one);
    has = code.both(has, code.is(Predicate::ult, target, end));
    if (rows.skips_self)
      has = code.both(has, code.is(Predicate::ne, code.toIndex(target), source));
    SmallVector<Value> then = {code.of(code.i32(warpSize - 1), beyond)};
    llvm::append_range(then, visit(code.toIndex(target), has, now));
    return then;
  };
  auto segment = [&](Value number, ValueRange now) {
    Value start = code.mul(number, code.i32(rows.segment)), limit = code.i32(rows.posts);
    Value end = code.add(start, code.i32(rows.segment));
    end = code.choose(code.is(Predicate::ult, end, limit), end, limit);
    SmallVector<Value> state = {start, code.i32(0)}; // where the next target may be, groups so far
    llvm::append_range(state, now);
    state = code.loopWhile(
        state, [&](ValueRange s) { return code.is(Predicate::ult, s[0], end); },
        [&](ValueRange s) {
          std::array<Value, 4> drawn = words(source, number, s[1]);
          SmallVector<Value> inner = {s[0]};
          llvm::append_range(inner, s.drop_front(2));
          inner = code.loop(code.i32(0), code.i32(2), one, inner, [&](Value half, ValueRange h) {
            return turn(wordOf(drawn, half), h[0], end, h.drop_front());
          });
          inner.insert(inner.begin() + 1, code.add(s[1], one));
          return inner;
        });
    return SmallVector<Value>(llvm::drop_begin(state, 2));
  };
  int64_t segments = llvm::divideCeil(rows.posts, rows.segment);
  if (segments == 1)
    return segment(code.i32(0), carried);
  return code.loop(code.i32(0), code.i32(segments), one, carried, segment);
}

/// Number k of `number` is one of the first n - number + k + 1, or the last of these where it is taken (Floyd; Bentley
/// & Floyd 1987, Commun. ACM 30, 754).
SmallVector<Value> WarpRows::eachChoice(Value source, ValueRange carried,
                                        llvm::function_ref<SmallVector<Value>(const Choice &, ValueRange)> body) {
  const overtime_rows &rows = *rule.rows;
  Value n = code.i32(rows.posts), one = code.i32(1), number = code.i32(rows.number);
  if (rows.skips_self) {
    Value isTarget = code.is(Predicate::ult, source, code.index(rows.posts));
    n = code.choose(isTarget, code.i32(rows.posts - 1), n);
  }
  Value others = code.sub(n, number);
  int64_t groups = llvm::divideCeil(rows.number, group);
  return code.loop(code.i32(0), code.i32(groups), one, carried, [&](Value g, ValueRange outer) {
    std::array<Value, 4> drawn = words(source, code.i32(0), g);
    return code.loop(code.i32(0), code.i32(2), one, outer, [&](Value half, ValueRange now) {
      Value begin = code.add(code.mul(g, code.i32(group)), code.mul(half, code.i32(warpSize)));
      Value k = code.add(begin, lane), start = code.add(others, begin), last = code.add(others, k);
      Value product = code.mul(code.toI64(wordOf(drawn, half)), code.toI64(code.add(last, one)));
      return body({code.is(Predicate::ult, k, number), code.high(product), last, start}, now);
    });
  });
}

/// Without the source, numbers from it on are one less than their target.
Value WarpRows::targetOf(Value source, Value number) {
  Value target = code.toIndex(number);
  if (!rule.rows->skips_self)
    return target;
  Value isTarget = code.is(Predicate::ult, source, code.index(rule.rows->posts));
  Value beyond = code.both(isTarget, code.is(Predicate::uge, target, source));
  return code.choose(beyond, code.next(target), target);
}

Value WarpRows::placeOf(Value target, const Marks &marks) {
  return code.add(marks.first, code.mul(target, marks.words));
}

/// A number is taken that an earlier turn has marked, that an earlier thread of this one has drawn, or that one has
/// taken because its own was: each answer may change those of later threads.
Value WarpRows::collisions(Value source, const Choice &choice, const Marks &marks) {
  Value zero = code.i32(0), one = code.i32(1);
  Value mark = code.when(choice.has, {zero}, [&]() -> SmallVector<Value> {
    return {code.both(code.loadChanged(marks.memory, placeOf(targetOf(source, choice.first), marks)), marks.bit)};
  })[0];
  Value nobody = code.sub(code.i32(-1), lane); // beyond all numbers, another one for each thread
  Value before = code.sub(code.shiftLeft(one, lane), one);
  Value same = code.match(code.choose(choice.has, choice.first, nobody));
  Value taken = code.either(code.isSet(mark), code.isSet(code.both(same, before)));
  Value place = code.sub(choice.first, choice.start); // of the thread that takes it where its own is taken
  Value isBefore = code.both(code.is(Predicate::ult, place, lane), choice.has);
  Value thread = code.choose(isBefore, code.shiftLeft(one, code.both(place, code.i32(warpSize - 1))), zero);
  auto given = [&](Value bits) { return code.either(taken, code.isSet(code.both(bits, thread))); };
  Value bits = code.ballot(taken);
  SmallVector<Value> last = code.loopWhile(
      {bits, code.ballot(given(bits))}, [&](ValueRange s) { return code.is(Predicate::ne, s[0], s[1]); },
      [&](ValueRange s) -> SmallVector<Value> { return {s[1], code.ballot(given(s[1]))}; });
  return given(last[1]);
}

SmallVector<Value> WarpRows::eachByNumber(Value source, const Marks &marks, ValueRange carried, Visit visit) {
  return eachChoice(source, carried, [&](const Choice &choice, ValueRange now) {
    Value chosen = code.choose(collisions(source, choice, marks), choice.otherwise, choice.first);
    Value target = targetOf(source, chosen);
    code.when(choice.has, [&] { code.fetch(LLVM::AtomicBinOp::_or, marks.memory, placeOf(target, marks), marks.bit); });
    code.syncWarp();
    return visit(target, choice.has, now);
  });
}

void WarpRows::clear(Value source, const Marks &marks) {
  Value others = arith::XOrIOp::create(code.b, code.loc, marks.bit, code.i32(-1));
  eachChoice(source, {}, [&](const Choice &choice, ValueRange) -> SmallVector<Value> {
    code.when(choice.has, [&] {
      for (Value number : {choice.first, choice.otherwise})
        code.fetch(LLVM::AtomicBinOp::_and, marks.memory, placeOf(targetOf(source, number), marks), others);
    });
    return {};
  });
  code.syncWarp();
}

} // namespace overtime::ir
