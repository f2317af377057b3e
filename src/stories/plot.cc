#include "stories/plot.h"

#include "stories/surface.h"

namespace ternlight::stories {
namespace {

Let parse_let(std::string_view text) {
  Let let;
  const size_t equals = text.find(" = ");
  let.names = split(text.substr(0, equals), ",");
  for (const std::string& row : split(text.substr(equals + 3), ";")) let.rows.push_back(split(row, "/"));
  return let;
}

void parse_line(std::string_view line, Plot& plot) {
  const size_t space = line.find(' ');
  const std::string_view word = line.substr(0, space);
  const std::string rest(space == std::string_view::npos ? "" : line.substr(space + 1));
  if (word == "for") {
    if (rest != "any") plot.heroes = rest;
  } else if (word == "obj") {
    plot.objects = split(rest, ",");
  } else if (word == "let") {
    plot.lets.push_back(parse_let(rest));
  } else if (word == "title") {
    plot.titles = split(rest, "|");
  } else if (word == "sum") {
    plot.summaries = split(rest, "|");
  } else if (word == "q") {
    const std::vector<std::string> parts = split(rest, " = ");
    plot.questions.emplace_back(parts[0], parts.back());
  } else if (word == "-") {
    plot.beats.push_back({BeatKind::always, rest});
  } else if (word == "?") {
    plot.beats.push_back({BeatKind::maybe, rest});
  } else if (word == "*") {
    plot.beats.push_back({BeatKind::shuffled, rest});
  } else if (word == "/") {
    plot.beats.push_back({BeatKind::paragraph, ""});
  } else if (word == "+") {
    plot.beats.push_back({BeatKind::slot, ""});
  } else if (word == "e") {
    plot.beats.push_back({BeatKind::event, rest});
  }
}

}  // namespace

std::vector<Plot> parse_plots(std::string_view lines) {
  std::vector<Plot> plots;
  for (const std::string& line : split(lines, "\n")) {
    if (line.starts_with("# ")) {
      plots.emplace_back();
      plots.back().id = line.substr(2);
    } else if (!plots.empty() && !line.empty()) {
      parse_line(line, plots.back());
    }
  }
  return plots;
}

}  // namespace ternlight::stories
