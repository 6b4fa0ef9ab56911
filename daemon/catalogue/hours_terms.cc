#include "daemon/catalogue/hours_terms.h"

#include "base/text.h"

namespace nines::catalogue {
namespace {

class HoursReader {
 public:
  explicit HoursReader(std::vector<FieldFault>& faults) : faults_(faults) {}

  sla::ServiceHours Read(const v1::ServiceHours& proto) {
    sla::ServiceHours hours;
    if (proto.weekly().empty()) hours = sla::ServiceHours::AlwaysOpen();
    for (int i = 0; i < proto.weekly_size(); ++i) {
      ReadWeekly(proto.weekly(i), StrCat("service_hours.weekly[", i, "]"), hours);
    }
    for (int i = 0; i < proto.closed_dates_size(); ++i) {
      const std::string field = StrCat("service_hours.closed_dates[", i, "]");
      if (const auto date = ReadDate(proto.closed_dates(i), field)) hours.closed_dates.insert(*date);
    }
    for (int i = 0; i < proto.open_dates_size(); ++i) {
      ReadOpenDate(proto.open_dates(i), StrCat("service_hours.open_dates[", i, "]"), hours);
    }
    return hours;
  }

 private:
  void ReadWeekly(const v1::WeeklyHours& proto, const std::string& field, sla::ServiceHours& hours) {
    const sla::DayHours day_hours = ReadDayHours(proto.open(), proto.close(), field);
    if (proto.days().empty()) Fault(field + ".days", "names no day; write some of mon, tue, wed, thu, fri, sat, sun");
    for (int i = 0; i < proto.days_size(); ++i) {
      const std::optional<int> day = sla::ParseWeekday(proto.days(i));
      if (day.has_value()) {
        sla::AddHours(day_hours, hours.weekly[*day]);
      } else {
        Fault(StrCat(field, ".days[", i, "]"),
              StrCat("'", proto.days(i), "' is not one of mon, tue, wed, thu, fri, sat, sun"));
      }
    }
  }

  void ReadOpenDate(const v1::OpenDate& proto, const std::string& field, sla::ServiceHours& hours) {
    const sla::DayHours day_hours = ReadDayHours(proto.open(), proto.close(), field);
    const auto date = ReadDate(proto.date(), field + ".date");
    if (!date.has_value()) return;
    if (hours.closed_dates.contains(*date)) {
      Fault(field + ".date", StrCat("'", proto.date(), "' is a closed date too; leave it in one of the lists"));
    }
    sla::AddHours(day_hours, hours.open_dates[*date]);
  }

  std::optional<absl::CivilDay> ReadDate(const std::string& text, const std::string& field) {
    const std::optional<absl::CivilDay> date = sla::ParseDate(text);
    if (!date.has_value()) Fault(field, StrCat("'", text, "' is not a day; write one that exists such as 2025-01-26"));
    return date;
  }

  sla::DayHours ReadDayHours(const std::string& open, const std::string& close, const std::string& field) {
    sla::DayHours hours;
    if (!open.empty()) hours.open_minute = ReadMinute(open, field + ".open", hours.open_minute);
    if (!close.empty()) hours.close_minute = ReadMinute(close, field + ".close", hours.close_minute);
    if (hours.close_minute <= hours.open_minute) {
      Fault(field + ".close",
            "is not later than open; hours over midnight are two, one up to 24:00 and one from 00:00");
    }
    return hours;
  }

  int ReadMinute(const std::string& text, const std::string& field, int otherwise) {
    const std::optional<int> minute = sla::ParseMinuteOfDay(text);
    if (!minute.has_value()) {
      Fault(field, StrCat("'", text, "' is not a time of day; write 00:00 to 24:00 such as 08:30"));
    }
    return minute.value_or(otherwise);
  }

  void Fault(std::string field, std::string what) { faults_.push_back({std::move(field), std::move(what)}); }

  std::vector<FieldFault>& faults_;
};

}  // namespace

sla::ServiceHours ToHours(const v1::ServiceHours& hours, std::vector<FieldFault>& faults) {
  return HoursReader(faults).Read(hours);
}

}  // namespace nines::catalogue
