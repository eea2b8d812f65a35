/// Times as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110, section 5.6.7).
public enum HTTPDate {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// The text of a moment in seconds since the Unix epoch; years outside of 0 to 9999 are clamped.
    public static func format(seconds: Int64) -> String {
        let date = CivilDate(seconds: seconds)
        var text: [UInt8] = []
        text.append(contentsOf: weekdays[date.weekday].utf8)
        text.append(contentsOf: ", ".utf8)
        text.appendPadded(date.day, width: 2)
        text.append(UInt8(ascii: " "))
        text.append(contentsOf: months[Int(date.month) - 1].utf8)
        text.append(UInt8(ascii: " "))
        text.appendPadded(date.year, width: 4)
        text.append(UInt8(ascii: " "))
        text.appendPadded(date.hour, width: 2)
        text.append(UInt8(ascii: ":"))
        text.appendPadded(date.minute, width: 2)
        text.append(UInt8(ascii: ":"))
        text.appendPadded(date.second, width: 2)
        text.append(contentsOf: " GMT".utf8)
        return String(decoding: text, as: UTF8.self)
    }
}
