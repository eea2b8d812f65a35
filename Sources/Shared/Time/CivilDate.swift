/// A date and time of day in UTC, in the proleptic Gregorian calendar, between the years 0 and 9999.
struct CivilDate: Equatable {
    var year: Int64
    var month: Int64
    var day: Int64
    var hour: Int64
    var minute: Int64
    var second: Int64

    /// The first second of the year 0, in seconds since the Unix epoch.
    static let earliest: Int64 = -62_167_219_200
    /// The last second of the year 9999, in seconds since the Unix epoch.
    static let latest: Int64 = 253_402_300_799

    private static let secondsPerDay: Int64 = 86_400
    /// Days in 400 years, after which the calendar repeats.
    private static let daysPerEra: Int64 = 146_097
    /// Days from 0000-03-01 to 1970-01-01. Years are counted from March here, so that the leap day comes last.
    private static let daysToEpoch: Int64 = 719_468

    /// The date of a moment in seconds since the Unix epoch; what lies outside of the range becomes its nearest end.
    init(seconds: Int64) {
        let seconds = min(max(seconds, Self.earliest), Self.latest)
        let days = Self.floorDivide(seconds, by: Self.secondsPerDay)
        let time = seconds - days * Self.secondsPerDay
        (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60)
        let shifted = days + Self.daysToEpoch
        let era = Self.floorDivide(shifted, by: Self.daysPerEra)
        let dayOfEra = shifted - era * Self.daysPerEra
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Makes a date from its parts; nil where there is no such day or time.
    init?(year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64) {
        guard (0...9_999).contains(year), (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }

    /// Seconds since the Unix epoch.
    var seconds: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = Self.floorDivide(shiftedYear, by: 400)
        let yearOfEra = shiftedYear - era * 400
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * Self.daysPerEra + dayOfEra - Self.daysToEpoch
        return days * Self.secondsPerDay + hour * 3_600 + minute * 60 + second
    }

    /// The day of the week, 0 being Sunday.
    var weekday: Int {
        // 1970-01-01 was a Thursday.
        let days = Self.floorDivide(seconds, by: Self.secondsPerDay)
        return Int(((days + 4) % 7 + 7) % 7)
    }

    /// Division that rounds towards minus infinity.
    static func floorDivide(_ dividend: Int64, by divisor: Int64) -> Int64 {
        dividend / divisor - (dividend % divisor < 0 ? 1 : 0)
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }
}

extension [UInt8] {
    /// Appends a number with leading zeros; its digits beyond `width` are left out.
    mutating func appendPadded(_ value: Int64, width: Int) {
        let start = count
        var rest = value
        for _ in 0..<width {
            append(UInt8(0x30 + rest % 10))
            rest /= 10
        }
        self[start...].reverse()
    }
}
