#include "wire/yaml_message.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <optional>
#include <sstream>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "base/nearest.h"
#include "base/text.h"
#include "base/utf8.h"
#include "wire/yaml_scalar.h"

namespace nines::wire {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;

constexpr size_t kFileBytesMax = 4 << 20;
constexpr int kDepthMax = 64;
// What aliases may blow a file up to, a value counting this many bytes more than its text.
constexpr size_t kExpandedBytesMax = 4 * kFileBytesMax;
constexpr size_t kValueBytes = 16;

size_t CharacterBytes(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4; }

// Turns yaml-cpp's marks, whose columns count bytes, into places.
class PlaceFinder {
 public:
  explicit PlaceFinder(std::string_view text) {
    for (size_t start = 0; start <= text.size();) {
      const size_t end = std::min(text.find('\n', start), text.size());
      lines_.push_back(text.substr(start, end - start));
      start = end + 1;
    }
  }

  Place At(const YAML::Mark& mark) const {
    if (mark.is_null()) return {1, 1};
    const auto line = static_cast<size_t>(std::max(mark.line, 0));
    int column = 1;
    const std::string_view before =
        line < lines_.size() ? lines_[line].substr(0, static_cast<size_t>(std::max(mark.column, 0))) : "";
    for (char c : before) column += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
    return {static_cast<int>(line) + 1, column};
  }

  const std::vector<std::string_view>& lines() const { return lines_; }

 private:
  std::vector<std::string_view> lines_;
};

// Bytes that yaml-cpp would misread or replace in silence.
bool FindBadByte(const PlaceFinder& finder, Place* place, std::string* what) {
  for (size_t line = 0; line < finder.lines().size(); ++line) {
    const std::string_view text = finder.lines()[line];
    int column = 1;
    for (size_t i = 0; i < text.size(); ++column) {
      const auto c = static_cast<unsigned char>(text[i]);
      const std::string_view character = text.substr(i, CharacterBytes(c));
      *place = {static_cast<int>(line) + 1, column};
      if (absl::ascii_iscntrl(c) && c != '\t' && c != '\r') {
        *what = "a control character; remove it";
        return true;
      }
      if (!IsUtf8(character)) {
        *what = "the text is not UTF-8; save the file as UTF-8";
        return true;
      }
      i += character.size();
    }
  }
  return false;
}

std::string FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count() && i < 4; ++i) names.push_back(type.field(i)->name());
  return absl::StrJoin(names, ", ");
}

// "of 'targets[0]'"; at the top nothing.
std::string Of(const std::string& path) { return path.empty() ? "" : StrCat(" of '", path, "'"); }

class Reader {
 public:
  Reader(const PlaceFinder& finder, const std::string& file, Places* places, Mistakes& mistakes)
      : finder_(finder), file_(file), places_(places), mistakes_(mistakes) {}

  void Document(const YAML::Node& root, Message* message) {
    if (!root.IsNull()) Fields(root, "", 0, message);
  }

  Place At(const YAML::Node& node) const { return finder_.At(node.Mark()); }

 private:
  // A value on its way into a field.
  struct Value {
    const YAML::Node& node;
    Place place;  // of the key, where there is no value
    std::string path;
    int depth;
  };

  void Add(Place place, std::string_view what) { mistakes_.Add(file_, place, what); }

  // False, after a mistake, if the node must not be looked into.
  bool Enter(const YAML::Node& node, Place place, int depth) {
    if (stopped_) return false;
    expanded_bytes_ += kValueBytes + (node.IsScalar() ? node.Scalar().size() : 0);
    if (expanded_bytes_ > kExpandedBytesMax) {
      stopped_ = true;
      Add(place, "too large with its aliases written out; use fewer of them, or split it into several files");
      return false;
    }
    if (depth > kDepthMax) {
      Add(place, StrCat("nested more than ", kDepthMax, " deep; flatten it"));
      return false;
    }
    const std::string& tag = node.Tag();
    if (tag.size() > 1 && tag != "tag:yaml.org,2002:str") {
      Add(place, StrCat("the tag ", tag, " is not supported; remove it"));
      return false;
    }
    return true;
  }

  void Fields(const YAML::Node& node, const std::string& path, int depth, Message* message) {
    const Descriptor& type = *message->GetDescriptor();
    if (!Enter(node, At(node), depth)) return;
    if (!node.IsMap()) {
      Add(At(node), StrCat("expected the fields", Of(path), ", found ", node.IsSequence() ? "a list" : "a single value",
                           "; write 'name: value' lines (", FieldNames(type), ", …)"));
      return;
    }
    absl::flat_hash_map<std::string, Place> seen;
    absl::flat_hash_map<const OneofDescriptor*, std::string> members;
    for (const auto& pair : node) {
      const FieldDescriptor* field = Key(pair.first, path, type, seen);
      if (field == nullptr || !IsOnlyMember(*field, At(pair.first), members)) continue;
      const Place place = pair.second.IsNull() ? At(pair.first) : At(pair.second);
      Field({pair.second, place, path.empty() ? field->name() : StrCat(path, ".", field->name()), depth + 1}, *field,
            message);
    }
  }

  // The field that a key names; nullptr after a mistake.
  const FieldDescriptor* Key(const YAML::Node& key, const std::string& path, const Descriptor& type,
                             absl::flat_hash_map<std::string, Place>& seen) {
    if (!IsNewKey(key, path, seen)) return nullptr;
    const std::string& name = key.Scalar();
    const FieldDescriptor* field = type.FindFieldByName(name);
    if (field != nullptr) return field;
    if (name == "<<") {
      Add(At(key), "merging with '<<' is not supported; write the fields out");
      return nullptr;
    }
    std::vector<std::string_view> known;
    for (int i = 0; i < type.field_count(); ++i) known.push_back(type.field(i)->name());
    const std::string nearest = DidYouMean(name, known);
    Add(At(key), StrCat("unknown key '", name, "'", Of(path),
                        nearest.empty() ? StrCat("; known are ", absl::StrJoin(known, ", ", Joiner())) : nearest));
    return nullptr;
  }

  struct Joiner {
    void operator()(std::string* out, std::string_view text) const { out->append(text); }
  };

  bool IsNewKey(const YAML::Node& key, const std::string& path, absl::flat_hash_map<std::string, Place>& seen) {
    if (!Enter(key, At(key), 0)) return false;
    if (!key.IsScalar()) {
      Add(At(key), StrCat("a key", Of(path), " is not a plain text; write 'name: value'"));
      return false;
    }
    const auto [it, added] = seen.try_emplace(key.Scalar(), At(key));
    if (added) return true;
    Add(At(key), StrCat("key '", key.Scalar(), "'", Of(path), " is given twice, first in line ", it->second.line,
                        "; remove one"));
    return false;
  }

  bool IsOnlyMember(const FieldDescriptor& field, Place place,
                    absl::flat_hash_map<const OneofDescriptor*, std::string>& members) {
    const OneofDescriptor* oneof = field.real_containing_oneof();
    if (oneof == nullptr) return true;
    const auto [it, added] = members.try_emplace(oneof, field.name());
    if (added) return true;
    std::vector<std::string> names;
    for (int i = 0; i < oneof->field_count(); ++i) names.push_back(oneof->field(i)->name());
    Add(place,
        StrCat("'", field.name(), "' beside '", it->second, "'; write only one of ", absl::StrJoin(names, ", ")));
    return false;
  }

  void Field(const Value& value, const FieldDescriptor& field, Message* message) {
    if (places_ != nullptr) places_->emplace(value.path, value.place);
    if (field.is_map()) {
      Map(value, field, message);
    } else if (field.is_repeated()) {
      List(value, field, message);
    } else {
      Single(value, field, message);
    }
  }

  void List(const Value& value, const FieldDescriptor& field, Message* message) {
    if (!Enter(value.node, value.place, value.depth) || value.node.IsNull()) return;
    if (!value.node.IsSequence()) {
      Add(value.place, StrCat("'", value.path, "' is a list; put '- ' before each of its elements"));
      return;
    }
    int index = 0;
    for (const YAML::Node& element : value.node) {
      const std::string path = StrCat(value.path, "[", index++, "]");
      const Place place = element.IsNull() ? value.place : At(element);
      if (places_ != nullptr) places_->emplace(path, place);
      Single({element, place, path, value.depth + 1}, field, message);
    }
  }

  void Map(const Value& value, const FieldDescriptor& field, Message* message) {
    if (!Enter(value.node, value.place, value.depth) || value.node.IsNull()) return;
    if (!value.node.IsMap()) {
      Add(value.place, StrCat("'", value.path, "' is a map; write 'key: value' lines under it"));
      return;
    }
    absl::flat_hash_map<std::string, Place> seen;
    for (const auto& pair : value.node) {
      if (!IsNewKey(pair.first, value.path, seen)) continue;
      const Place place = pair.second.IsNull() ? At(pair.first) : At(pair.second);
      const std::string path = StrCat(value.path, ".", pair.first.Scalar());
      if (places_ != nullptr) places_->emplace(path, place);
      Message* entry = message->GetReflection()->AddMessage(message, &field);
      const Descriptor& type = *entry->GetDescriptor();
      Check(SetScalar(pair.first.Scalar(), false, *type.map_key(), entry), At(pair.first), value.path);
      Single({pair.second, place, path, value.depth + 1}, *type.map_value(), entry);
    }
  }

  // One value: of a singular field, or an element to append to a repeated one.
  void Single(const Value& value, const FieldDescriptor& field, Message* message) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Message* child = field.is_repeated() ? message->GetReflection()->AddMessage(message, &field)
                                           : message->GetReflection()->MutableMessage(message, &field);
      Child(value, child);
    } else if (IsScalar(value)) {
      Check(SetScalar(value.node.Scalar(), IsQuoted(value.node), field, message), value.place, value.path);
    }
  }

  void Child(const Value& value, Message* child) {
    const TextForm form = TextFormOf(*child->GetDescriptor());
    switch (form) {
      case TextForm::kDuration:
        return Copy(value, ParseDuration, child);
      case TextForm::kTimestamp:
        return Copy(value, ParseTimestamp, child);
      case TextForm::kName:
      case TextForm::kInput:
        if (value.node.IsScalar()) return Shorthand(value, form, child);
        [[fallthrough]];
      case TextForm::kNone:
        if (!value.node.IsNull()) Fields(value.node, value.path, value.depth, child);
    }
  }

  template <typename Parse>
  void Copy(const Value& value, Parse parse, Message* child) {
    if (!IsScalar(value)) return;
    const auto parsed = parse(value.node.Scalar());
    Check(parsed.status(), value.place, value.path);
    if (parsed.ok()) child->CopyFrom(*parsed);
  }

  void Shorthand(const Value& value, TextForm form, Message* child) {
    if (!IsScalar(value)) return;
    const std::vector<const char*> names =
        form == TextForm::kName ? std::vector<const char*>{"zh", "en"} : std::vector<const char*>{"check"};
    for (const char* name : names) {
      if (places_ != nullptr) places_->emplace(StrCat(value.path, ".", name), value.place);
      const FieldDescriptor& field = *child->GetDescriptor()->FindFieldByName(name);
      Check(SetScalar(value.node.Scalar(), true, field, child), value.place, value.path);
    }
  }

  bool IsScalar(const Value& value) {
    if (!Enter(value.node, value.place, value.depth)) return false;
    if (value.node.IsScalar()) return true;
    const char* found = value.node.IsNull() ? "nothing" : value.node.IsMap() ? "fields" : "a list";
    Add(value.place, StrCat("'", value.path, "' needs a single value, found ", found, "; write one or remove the key"));
    return false;
  }

  static bool IsQuoted(const YAML::Node& node) { return node.Tag() != "?" && !node.Tag().empty(); }

  void Check(const absl::Status& status, Place place, const std::string& path) {
    if (!status.ok()) Add(place, StrCat(path, ": ", FromAbsl(status.message())));
  }

  const PlaceFinder& finder_;
  const std::string& file_;
  Places* places_;
  Mistakes& mistakes_;
  size_t expanded_bytes_ = 0;
  bool stopped_ = false;
};

std::string SyntaxMistake(const YAML::Exception& error) {
  // yaml-cpp's words for a recursion that its stack would not stand.
  if (error.msg == YAML::ErrorMsg::BAD_FILE) return "nested too deep; flatten it";
  return StrCat("not YAML: ", error.msg);
}

// Where documents begin. yaml-cpp's LoadAll() is no good for that: it never ends on some texts.
class DocumentStarts final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { last_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  const YAML::Mark& last() const { return last_; }

 private:
  YAML::Mark last_;
};

std::optional<YAML::Mark> SecondDocument(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts starts;
  if (!parser.HandleNextDocument(starts) || !parser.HandleNextDocument(starts)) return std::nullopt;
  return starts.last();
}

// The one place where yaml-cpp's exceptions end.
void Parse(const std::string& text, const PlaceFinder& finder, const std::string& file, Message* message,
           Places* places, Mistakes& mistakes) {
  try {
    if (const std::optional<YAML::Mark> second = SecondDocument(text); second.has_value()) {
      mistakes.Add(file, finder.At(*second),
                   "a second document begins here; keep one to a file, without '---' lines, and check the indentation");
      return;
    }
    Reader(finder, file, places, mistakes).Document(YAML::Load(text), message);
  } catch (const YAML::Exception& error) {
    mistakes.Add(file, finder.At(error.mark), SyntaxMistake(error));
  } catch (const std::exception& error) {
    mistakes.Add(file, {1, 1}, StrCat("not YAML: ", error.what()));
  }
}

}  // namespace

absl::Status ParseYaml(std::string_view text, const std::string& file, Message* message, Places* places) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  message->Clear();
  if (places != nullptr) places->clear();
  Mistakes mistakes;
  if (text.size() > kFileBytesMax) {
    mistakes.Add(file, {1, 1}, StrCat("larger than ", kFileBytesMax, " bytes; split it into several files"));
    return mistakes.ToStatus();
  }
  const PlaceFinder finder(text);
  Place place;
  std::string what;
  if (FindBadByte(finder, &place, &what)) {
    mistakes.Add(file, place, what);
  } else {
    Parse(std::string(text), finder, file, message, places, mistakes);
  }
  return mistakes.ToStatus();
}

}  // namespace nines::wire
