// SPDX-License-Identifier: Apache-2.0
// Writes a plot as SVG: lines over a common x axis, or a raster of events.
#include "compiler/tools/svg.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <limits>
#include <set>

namespace overtime::tools {
namespace {

constexpr double width = 800, height = 400, left = 70, right = 20, top = 34, bottom = 50;
// Okabe & Ito 2008: colours that colour-blind readers can tell apart.
const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999"};

__attribute__((format(printf, 1, 2))) std::string format(const char *pattern, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

/// Names come from files: they must not become markup, and control characters are not allowed in XML.
std::string escaped(const std::string &text) {
  std::string safe;
  for (char c : text.substr(0, 200)) {
    if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else if (c == '&')
      safe += "&amp;";
    else
      safe += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return safe;
}

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void include(double v) {
    if (std::isfinite(v)) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  /// Never empty, with a margin of `part` on both sides.
  void widen(double part) {
    if (!(low <= high))
      low = 0, high = 1;
    double margin = high > low ? part * high - part * low : std::max(1e-12, 0.05 * std::abs(low));
    constexpr double largest = std::numeric_limits<double>::max();
    if (high > low || part > 0)
      low = std::max(low - margin, -largest);
    high = std::min(high + margin, largest);
  }
};

struct Frame {
  Range x, y;
  double px(double v) const { return left + part(v, x) * (width - left - right); }
  double py(double v) const { return height - bottom - part(v, y) * (height - top - bottom); }
  /// In halves, for a range may be longer than the largest number.
  static double part(double v, const Range &r) { return (v / 2 - r.low / 2) / (r.high / 2 - r.low / 2); }
};

std::string text_at(double x, double y, const char *anchor, const std::string &text, const char *more = "") {
  return format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>", x, y, anchor, more) + escaped(text) + "</text>\n";
}

std::string axes(const Plot &plot, const Frame &frame) {
  std::string out;
  for (double v : ticks(frame.x.low, frame.x.high, 8)) {
    double x = frame.px(v);
    out += format("<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>\n", x, top, height - bottom);
    out += text_at(x, height - bottom + 16, "middle", format("%.10g", v));
  }
  for (double v : ticks(frame.y.low, frame.y.high, 6)) {
    double y = frame.py(v);
    if (plot.rows > 0 && v != std::floor(v)) // there is no neuron 0.5
      continue;
    out += format("<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>\n", left, y, width - right);
    out += text_at(left - 6, y + 4, "end", format("%.10g", v));
  }
  out += format("<rect class=\"frame\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", left, top,
                width - left - right, height - top - bottom);
  out += text_at((left + width - right) / 2, height - 12, "middle", plot.x_label);
  out += text_at(left, top - 12, "start", plot.title, " font-weight=\"bold\"");
  double middle = (top + height - bottom) / 2;
  out += text_at(16, middle, "middle", plot.y_label, format(" transform=\"rotate(-90 16 %.1f)\"", middle).c_str());
  return out;
}

std::string path_of(const Line &line, const Frame &frame) {
  std::string path;
  bool pen_down = false;
  for (std::size_t k = 0; k < line.x.size(); ++k) {
    bool finite = std::isfinite(line.x[k]) && std::isfinite(line.y[k]);
    if (finite)
      path += format("%c%.1f %.1f", pen_down ? 'L' : 'M', frame.px(line.x[k]), frame.py(line.y[k]));
    pen_down = finite;
  }
  return path;
}

std::string legend(const std::vector<Line> &lines) {
  std::string out;
  double x = width - right;
  for (std::size_t k = lines.size(); k-- > 0;) { // from the right
    out += text_at(x, top - 12, "end", lines[k].label);
    x -= 7.0 * static_cast<double>(lines[k].label.size()) + 6;
    out += format("<path d=\"M%.1f %.1fh-16\" stroke=\"%s\" stroke-width=\"2\"/>\n", x, top - 16, colours[k % 8]);
    x -= 30;
  }
  return out;
}

/// Marks that would cover each other are drawn once.
std::string raster(const Plot &plot, const Frame &frame) {
  double mark = std::clamp(0.8 * (height - top - bottom) / plot.rows, 1.0, 10.0);
  std::set<std::pair<int, int>> seen;
  std::string path;
  for (auto [x, row] : plot.events) {
    double px = frame.px(x), py = frame.py(row);
    if (std::isfinite(px) && seen.emplace(std::lround(2 * px), std::lround(2 * py)).second)
      path += format("M%.1f %.1fv%.1f", px, py - mark / 2, mark);
  }
  return "<path d=\"" + path + "\" stroke=\"#000\" fill=\"none\"/>\n";
}

} // namespace

Line thinned(const Line &line, std::size_t most) {
  std::size_t n = line.y.size(), pieces = most / 2;
  if (n <= most)
    return line;
  Line thin{line.label, {}, {}};
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    std::size_t begin = piece * n / pieces, end = (piece + 1) * n / pieces, low = begin, high = begin;
    for (std::size_t k = begin; k < end; ++k) {
      if (!(line.y[low] <= line.y[k])) // also when the lowest so far is NaN
        low = std::isnan(line.y[k]) ? low : k;
      if (!(line.y[high] >= line.y[k]))
        high = std::isnan(line.y[k]) ? high : k;
    }
    for (std::size_t k : {std::min(low, high), std::max(low, high)}) {
      thin.x.push_back(line.x[k]);
      thin.y.push_back(line.y[k]);
    }
  }
  return thin;
}

std::vector<double> ticks(double low, double high, int count) {
  double rough = (high - low) / count, power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = power * (rough / power < 1.5 ? 1 : rough / power < 3.5 ? 2 : rough / power < 7.5 ? 5 : 10);
  std::vector<double> at;
  if (!(step > 0) || !std::isfinite(step))
    return at;
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step && at.size() < 100; ++k)
    at.push_back(k == 0 ? 0.0 : k * step);
  return at;
}

std::string svg_of(const Plot &plot) {
  Frame frame;
  for (const Line &line : plot.lines) {
    for (double v : line.x)
      frame.x.include(v);
    for (double v : line.y)
      frame.y.include(v);
  }
  if (plot.rows > 0) {
    frame.x.include(plot.x_range.first);
    frame.x.include(plot.x_range.second);
    frame.y = {-0.5, plot.rows - 0.5};
  }
  frame.x.widen(0);
  frame.y.widen(plot.rows > 0 ? 0 : 0.05);
  std::string out = format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" width=\"%g\" height=\"%g\" "
                           "font-family=\"sans-serif\" font-size=\"12\">\n",
                           width, height, width, height);
  out += "<style>.grid{stroke:#e0e0e0}.frame{stroke:#000;fill:none}</style>\n<rect width=\"100%\" height=\"100%\" "
         "fill=\"#fff\"/>\n";
  out += axes(plot, frame);
  for (std::size_t k = 0; k < plot.lines.size(); ++k)
    out += format("<path fill=\"none\" stroke-width=\"1.3\" stroke=\"%s\" d=\"", colours[k % 8]) +
           path_of(thinned(plot.lines[k]), frame) + "\"/>\n";
  out += plot.rows > 0 ? raster(plot, frame) : legend(plot.lines);
  return out + "</svg>\n";
}

} // namespace overtime::tools
