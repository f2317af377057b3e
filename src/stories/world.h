// World: who and what one story is about, drawn at random and the same from its first word to its last question.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "stories/held_out.h"
#include "stories/template.h"

namespace ternlight::stories {

struct Object {
  std::string name, kind, use;  // "kite", "fly", "fly it"
};

// The lists of world.def.
struct WorldLists {
  std::map<std::string, std::vector<std::string>, std::less<>> lists;
  std::vector<Object> objects;

  const std::vector<std::string>& operator[](std::string_view name) const;
};
WorldLists parse_world(std::string_view lines);

struct Character {
  std::string name, kind, trait, he;  // "Pip", "fox", "curious", "he"

  bool is_child() const { return kind == "girl" || kind == "boy"; }
  // What the split goes by: the name of a child, the kind of everybody else.
  const std::string& key() const { return is_child() ? name : kind; }
  // As prompts ask for it: "girl named Lily", "fox".
  std::string wanted() const { return is_child() ? kind + " named " + name : kind; }
};

struct World {
  Character hero, friend_;
  Object object;
  Values values;  // what templates may ask for; see README.md
};

// Objects whose class is one of `classes`; with no classes, all that are not food. In the train split no character of
// the world is held out with the object; in the test split the hero is.
World draw_world(const WorldLists& lists, Rng& rng, Split split, const std::vector<std::string>& classes);

// The values of a world whose friend has an object too, `obj2` of color `col2`, and `words` that have nothing to do with it.
Values draw_scene(const WorldLists& lists, Rng& rng, Split split);

}  // namespace ternlight::stories
