#include "stories/world.h"

#include <algorithm>
#include <iterator>

#include "stories/choice.h"
#include "stories/surface.h"

namespace ternlight::stories {
namespace {

Character draw_character(const WorldLists& lists, Rng& rng) {
  Character c;
  c.trait = pick(rng, lists["traits"]);
  c.he = chance(rng, 0.5f) ? "he" : "she";
  const float sort = rng.next_float();
  if (sort < 0.35f) {
    c.kind = c.he == "he" ? "boy" : "girl";
  } else if (sort < 0.85f) {
    c.kind = pick(rng, lists["animals"]);
    c.name = pick(rng, lists["animal names"]);
    return c;
  } else {
    const bool any = chance(rng, 0.6f);
    c.kind = pick(rng, any ? lists["people"] : lists[c.he == "he" ? "people he" : "people she"]);
  }
  c.name = pick(rng, lists[c.he == "he" ? "boys" : "girls"]);
  return c;
}

// Keys `he`, `him`, `his`, `himself` with a prefix for the person.
void set_pronouns(Values& values, const std::string& prefix, const std::string& he) {
  const bool male = he == "he";
  values[prefix + "he"] = he;
  values[prefix + "him"] = male ? "him" : "her";
  values[prefix + "his"] = male ? "his" : "her";
  values[prefix + "himself"] = male ? "himself" : "herself";
}

// A word of the lists, or a name that nobody has: "Zomiru".
std::string draw_word(const WorldLists& lists, Rng& rng) {
  if (chance(rng, 0.25f)) {
    constexpr std::string_view kConsonants = "bdfgjklmnprstvwz", kVowels = "aeiou";
    std::string name;
    for (uint32_t syllables = 2 + rng.next_below(2); syllables > 0; --syllables) {
      name += kConsonants[rng.next_below(static_cast<uint32_t>(kConsonants.size()))];
      name += kVowels[rng.next_below(static_cast<uint32_t>(kVowels.size()))];
    }
    return capitalized(name);
  }
  constexpr const char* kLists[] = {"girls", "boys", "animal names", "animals", "colors", "traits", "people", "foods"};
  const uint32_t list = rng.next_below(static_cast<uint32_t>(std::size(kLists)) + 1);
  return list < std::size(kLists) ? pick(rng, lists[kLists[list]]) : pick(rng, lists.objects).name;
}

}  // namespace

const std::vector<std::string>& WorldLists::operator[](std::string_view name) const {
  static const std::vector<std::string> kMissing = {"{missing list}"};
  const auto at = lists.find(name);
  return at == lists.end() ? kMissing : at->second;
}

WorldLists parse_world(std::string_view lines) {
  WorldLists world;
  for (const std::string& line : split(lines, "\n")) {
    const size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const std::string name = line.substr(0, colon);
    const std::vector<std::string> items = split(std::string_view(line).substr(colon + 2), ",");
    if (!name.starts_with("objects ")) {
      world.lists[name] = items;
      continue;
    }
    const std::string rest = name.substr(8);
    const size_t space = rest.find(' ');
    for (const std::string& item : items) {
      world.objects.push_back({item, rest.substr(0, space), rest.substr(space + 1)});
    }
  }
  return world;
}

World draw_world(const WorldLists& lists, Rng& rng, Split split, const std::vector<std::string>& classes) {
  World w;
  const auto fits = [&](const Object& o) {
    if (classes.empty()) return o.kind != "food";
    return std::find(classes.begin(), classes.end(), o.kind) != classes.end();
  };
  bool right;
  do {
    w.hero = draw_character(lists, rng);
    w.friend_ = draw_character(lists, rng);
    w.object = pick(rng, lists.objects);
    const bool hero_held_out = is_held_out(w.hero.key(), w.object.name);
    right = split == Split::test ? hero_held_out
                                 : !hero_held_out && !is_held_out(w.friend_.key(), w.object.name);
    const bool distinct = w.hero.name != w.friend_.name && (w.hero.is_child() || w.hero.kind != w.friend_.kind);
    right = right && distinct && fits(w.object);
  } while (!right);

  Values& v = w.values;
  v["N"] = w.hero.name;
  v["kind"] = w.hero.kind;
  v["desc"] = w.hero.trait + ' ' + w.hero.kind;
  v["trait"] = w.hero.trait;
  set_pronouns(v, "", w.hero.he);
  v["M"] = w.friend_.name;
  v["mkind"] = w.friend_.kind;
  do v["mtrait"] = pick(rng, lists["traits"]);
  while (v["mtrait"] == v["trait"]);
  v["mdesc"] = v["mtrait"] + ' ' + w.friend_.kind;
  set_pronouns(v, "m", w.friend_.he);

  const bool animal = w.hero.kind != "girl" && w.hero.kind != "boy" && chance(rng, 0.8f);
  const std::string elder_he = chance(rng, 0.5f) ? "he" : "she";
  v["A"] = pick(rng, lists[(animal ? "animal elders " : "elders ") + elder_he]);
  set_pronouns(v, "a", elder_he);

  v["obj"] = w.object.name;
  v["use"] = w.object.use;
  v["col"] = pick(rng, lists[w.object.kind == "food" ? "food traits" : "colors"]);
  v["at"] = pick(rng, lists["places"]);
  v["pl"] = v["at"].substr(v["at"].find(' ') + 1);
  for (const auto& [key, list] : {std::pair{"weather", "weathers"}, {"good", "good"}, {"bad", "bad"}, {"foods", "foods"}}) {
    v[key] = pick(rng, lists[list]);
  }
  std::vector<std::string> hides = lists["hiding places"];
  shuffle(rng, hides);
  v["h1"] = hides[0];
  v["h2"] = hides[1];
  v["h3"] = hides[2];
  return w;
}

Values draw_scene(const WorldLists& lists, Rng& rng, Split split) {
  World w = draw_world(lists, rng, split, {}), other = draw_world(lists, rng, split, {});
  while (other.hero.name == w.hero.name || other.hero.kind == w.hero.kind || other.object.name == w.object.name ||
         other.values["trait"] == w.values["trait"] || other.values["col"] == w.values["col"]) {
    other = draw_world(lists, rng, split, {});
  }
  Values v = std::move(w.values);
  for (const auto& [key, of] : {std::pair{"M", "N"}, {"mkind", "kind"}, {"mdesc", "desc"}, {"obj2", "obj"}, {"col2", "col"}}) {
    v[key] = other.values[of];
  }
  std::string& words = v["words"];
  for (uint32_t n = 2 + rng.next_below(6); n > 0; --n) words += (words.empty() ? "" : " ") + draw_word(lists, rng);
  return v;
}

}  // namespace ternlight::stories
