#include <algorithm>
#include <vector>

#include "base/text.h"
#include "wire/yaml_message.h"
#include "wire/yaml_scalar.h"

namespace nines::wire {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::vector<const FieldDescriptor*> SetFields(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  return fields;
}

std::string FieldText(const Message& message, const char* name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  return message.GetReflection()->GetString(message, field);
}

// The message on one line; "" if it needs several.
std::string InlineYaml(const Message& message) {
  const std::vector<const FieldDescriptor*> fields = SetFields(message);
  switch (TextFormOf(*message.GetDescriptor())) {
    case TextForm::kDuration:
      return DurationYaml(static_cast<const google::protobuf::Duration&>(message));
    case TextForm::kTimestamp:
      return TimestampYaml(static_cast<const google::protobuf::Timestamp&>(message));
    case TextForm::kName:
      if (fields.size() == 2 && FieldText(message, "zh") == FieldText(message, "en")) {
        return TextYaml(FieldText(message, "zh"));
      }
      break;
    case TextForm::kInput:
      if (fields.size() == 1 && fields[0]->name() == "check") return TextYaml(FieldText(message, "check"));
      break;
    case TextForm::kNone:
      break;
  }
  return fields.empty() ? "{}" : "";
}

class Writer {
 public:
  void Fields(const Message& message, int indent) {
    for (const FieldDescriptor* field : SetFields(message)) {
      Indent(indent);
      yaml_ += field->name() + ":";
      if (field->is_map()) {
        Map(message, *field, indent + 2);
      } else if (field->is_repeated()) {
        List(message, *field, indent + 2);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        Child(message.GetReflection()->GetMessage(message, field), indent + 2);
      } else {
        yaml_ += " " + ScalarYaml(message, *field, 0) + "\n";
      }
    }
  }

  std::string yaml() && { return std::move(yaml_); }

 private:
  // The next thing written stands behind "- " that was written already, so that its indentation is there.
  void Indent(int indent) {
    if (!behind_dash_) yaml_.append(static_cast<size_t>(indent), ' ');
    behind_dash_ = false;
  }

  // Behind "key:".
  void Child(const Message& child, int indent) {
    const std::string line = InlineYaml(child);
    yaml_ += line.empty() ? "\n" : " " + line + "\n";
    if (line.empty()) Fields(child, indent);
  }

  void List(const Message& message, const FieldDescriptor& field, int indent) {
    yaml_ += "\n";
    const Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      yaml_.append(static_cast<size_t>(indent), ' ');
      yaml_ += "- ";
      if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
        yaml_ += ScalarYaml(message, field, i) + "\n";
        continue;
      }
      const Message& child = reflection.GetRepeatedMessage(message, &field, i);
      const std::string line = InlineYaml(child);
      if (!line.empty()) {
        yaml_ += line + "\n";
        continue;
      }
      behind_dash_ = true;
      Fields(child, indent + 2);
    }
  }

  // In the order of the keys as text: a map has none of its own.
  void Map(const Message& message, const FieldDescriptor& field, int indent) {
    yaml_ += "\n";
    const Reflection& reflection = *message.GetReflection();
    std::vector<std::pair<std::string, const Message*>> entries;
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      entries.emplace_back(ScalarYaml(entry, *entry.GetDescriptor()->map_key(), 0), &entry);
    }
    std::sort(entries.begin(), entries.end());
    for (const auto& [key, entry] : entries) {
      Indent(indent);
      yaml_ += key + ":";
      const FieldDescriptor& value = *entry->GetDescriptor()->map_value();
      if (value.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        Child(entry->GetReflection()->GetMessage(*entry, &value), indent + 2);
      } else {
        yaml_ += " " + ScalarYaml(*entry, value, 0) + "\n";
      }
    }
  }

  std::string yaml_;
  bool behind_dash_ = false;
};

}  // namespace

std::string ToYaml(const Message& message) {
  Writer writer;
  writer.Fields(message, 0);
  return std::move(writer).yaml();
}

}  // namespace nines::wire
