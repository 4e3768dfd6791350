// How the builder puts a condition into words, and which tests fit which kind of value.

export const GROUPS = [
    ["and", "All of these"], ["or", "Any of these"], ["not or", "None of these"], ["not and", "Not all of these"],
]

const EQUALS = [["=", "is"], ["not =", "is not"]]
const LISTED = [["in", "is one of"], ["not in", "is none of"]]
const KNOWN = [["exists", "is known"], ["not exists", "is not known"]]
const FILLED = [["not empty", "is filled"], ["empty", "is empty"]]
const TEXT = [
    ["contains", "contains"], ["not contains", "does not contain"], ["starts with", "starts with"],
    ["not starts with", "does not start with"], ["ends with", "ends with"], ["not ends with", "does not end with"],
]
const SETS = [
    ["contains", "contains"], ["not contains", "does not contain"], ["contains any", "contains any of"],
    ["not contains any", "contains none of"], ["contains all", "contains all of"],
    ["not contains all", "does not contain all of"],
]
const between = (label) => [["between", `is ${label}`], ["not between", `is not ${label}`]]
const NUMBERS = [["<", "is less than"], ["<=", "is at most"], [">", "is more than"], [">=", "is at least"],
    ...between("between")]
const TIMES = [["<", "is before"], ["<=", "is at or before"], [">", "is after"], [">=", "is at or after"],
    ...between("between")]
const ORDER = [["<", "is less than"], ["<=", "is at most"], [">", "is more than"], [">=", "is at least"],
    ...between("between")]

export const TESTS = {
    number: [...NUMBERS.slice(2, 4), ...EQUALS, ...NUMBERS.slice(0, 2), ...NUMBERS.slice(4), ...LISTED, ...KNOWN],
    time: [...TIMES, ...EQUALS, ...KNOWN],
    boolean: [...EQUALS, ...KNOWN],
    text: [...EQUALS, ...LISTED, ...TEXT, ...KNOWN, ...FILLED],
    list: [...SETS, ...KNOWN, ...FILLED],
    any: [...EQUALS, ...ORDER, ...LISTED, ...TEXT, ...SETS.slice(2), ...KNOWN, ...FILLED],
}

// What kind of value the catalogue's words mean.
const KINDS = {
    "number": "number", "latitude": "number", "longitude": "number", "text": "text", "yes or no": "boolean",
    "date and time": "time", "date": "time", "list of texts": "list",
}
export const kindOf = (words) => KINDS[words] ?? "any"

export const VALUES = {
    number: ["number", "field"], time: ["date", "ago", "field"], boolean: ["boolean"], text: ["text", "field"],
    list: ["text"], any: ["text", "number", "boolean", "ago", "field"],
}
export const VALUE_NAMES = {
    text: "text", number: "number", boolean: "yes or no", date: "date", ago: "before now", field: "other field",
    null: "nothing", now: "now",
}

export const HAPPENINGS = [
    ["did", "Did"], ["not did", "Did not"], ["count", "How often"], ["sum", "Sum of"], ["average", "Average of"],
    ["min", "Least"], ["max", "Greatest"], ["first", "First"], ["last", "Latest"], ["distinct", "How many different"],
]
export const CONSENTS = [
    ["given", "Has given"], ["not given", "Has not given"], ["withdrawn", "Has withdrawn"],
    ["not withdrawn", "Has not withdrawn"], ["expired", "Let expire"], ["not expired", "Did not let expire"],
    ["never", "Was never asked for"], ["not never", "Was asked for"],
]
export const SEQUENCES = [["", "In this order"], ["not", "Not in this order"]]
export const PERIODS = [
    ["", "at any time"], ["last", "in the last"], ["since", "since"], ["before", "before"], ["from_to", "between"],
]
export const UNITS = ["day", "week", "month", "year", "hour", "minute", "second"]
const OF_NUMBERS = ["count", "sum", "average", "min", "max", "distinct"]
const FUNCTION_KINDS = { lowercase: "text", uppercase: "text", datetime: "time", from_timestamp: "time" }
export const FUNCTION_NAMES = {
    "": "", age: "age: years since", days_since: "days since", days_until: "days until",
    days_to_anniversary: "days to anniversary of", year: "year of", month: "month of", weekday: "weekday of",
    day: "day of month of", hour: "hour of", length: "length of", lowercase: "lower case of",
    uppercase: "upper case of", datetime: "time of", from_timestamp: "time of seconds",
}

// The kind of what stands at the left of a test.
export function kindOfLeft(left, kindOfField) {
    if (left.kind === "aggregate") return OF_NUMBERS.includes(left.fn) ? "number" : kindOfField(left.path)
    return left.fn ? FUNCTION_KINDS[left.fn] ?? "number" : kindOfField(left.path)
}
