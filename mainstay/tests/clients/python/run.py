"""Runs the scenarios of a file with the `supabase` package. A step is named as in supabase-js;
STEPS says how the same thing is said in Python. The same file is run by ../js/run.mjs.
Says `ok NAME` or `not ok NAME: why` for each, then one line of JSON with the counts.
"""

import json
import sys

import httpx
from postgrest.exceptions import APIError
from supabase import ClientOptions, create_client


class Wire:
    """Remembers the last answer: the package does not say its status."""

    def __init__(self):
        self.last = None
        self.http = httpx.Client(event_hooks={"response": [self.keep]}, timeout=30)

    def keep(self, response):
        response.read()
        self.last = response


WIRE = Wire()
CLIENTS = {}

# Options of supabase-js and what they are called here.
OPTIONS = {
    "ascending": lambda value: {"desc": not value},
    "nullsFirst": lambda value: {"nullsfirst": value},
    "referencedTable": lambda value: {"foreign_table": value},
    "onConflict": lambda value: {"on_conflict": value},
    "ignoreDuplicates": lambda value: {"ignore_duplicates": value},
    "defaultToNull": lambda value: {"default_to_null": value},
}


def options(given):
    named = {}
    for name, value in given.items():
        named.update(OPTIONS[name](value) if name in OPTIONS else {name: value})
    return named


def renamed(method):
    """A method of another name whose options have other names."""

    def step(query, *given):
        if given and isinstance(given[-1], dict) and method not in PLAIN:
            return getattr(query, method)(*given[:-1], **options(given[-1]))
        return getattr(query, method)(*given)

    return step


PLAIN = {"match", "contains", "contained_by", "ov"}


def written(method):
    """insert, upsert, update and delete: rows come back only when `select` follows, as in JS."""

    def step(query, *given):
        body = [] if method == "delete" else [given[0]]
        rest = given[len(body) :]
        more = options(rest[0]) if rest else {}
        return getattr(query, method)(*body, returning="minimal", **more)

    return step


def called(query, function, arguments=None, more=None):
    return query.rpc(function, arguments or {}, **(more or {}))


def either(query, filters, more=None):
    return query.or_(filters, **({"reference_table": more["referencedTable"]} if more else {}))


def patterns(method):
    return lambda query, column, values: getattr(query, method)(column, ",".join(values))


def spelled(operator):
    """An operator that has no method in this package, by `filter`."""
    return lambda query, column, value: query.filter(column, operator, value)


def negated_in(query, column, values):
    return query.not_.in_(column, values)


def searched(query, column, words, more=None):
    more = dict(more or {})
    if more.get("type") == "websearch":
        more["type"] = "web_search"
    return query.text_search(column, words, more)


def undone(query):
    """No method says `tx=rollback`; the header can be said."""
    query.request.headers["Prefer"] += ",tx=rollback"
    return query


STEPS = {
    "from": lambda query, table: query.table(table),
    "schema": lambda query, name: query.schema(name),
    "rpc": called,
    "select": renamed("select"),
    "insert": written("insert"),
    "upsert": written("upsert"),
    "update": written("update"),
    "delete": written("delete"),
    "in": lambda query, column, values: query.in_(column, values),
    "notIn": negated_in,
    "is": lambda query, column, value: query.is_(column, value),
    "not": lambda query, column, operator, value: query.not_.filter(
        column, operator, "null" if value is None else value
    ),
    "or": either,
    "containedBy": renamed("contained_by"),
    "overlaps": renamed("ov"),
    "likeAllOf": patterns("like_all_of"),
    "likeAnyOf": patterns("like_any_of"),
    "ilikeAllOf": patterns("ilike_all_of"),
    "ilikeAnyOf": patterns("ilike_any_of"),
    "isDistinct": spelled("isdistinct"),
    "regexMatch": spelled("match"),
    "regexIMatch": spelled("imatch"),
    "rangeGt": spelled("sr"),
    "rangeGte": spelled("nxl"),
    "rangeLt": spelled("sl"),
    "rangeLte": spelled("nxr"),
    "rangeAdjacent": spelled("adj"),
    "textSearch": searched,
    "maybeSingle": lambda query: query.maybe_single(),
    "maxAffected": lambda query, most: query.max_affected(most),
    "stripNulls": lambda query: query.strip_nulls(),
    "rollback": undone,
}


def client(app, role):
    known = (app["url"], role)
    if known not in CLIENTS:
        headers = {"Authorization": f"Bearer {app['tokens'][role]}"}
        more = ClientOptions(httpx_client=WIRE.http, headers=headers)
        CLIENTS[known] = create_client(app["url"], app["anon"], more)
    return CLIENTS[known]


def call(query, steps):
    for name, *given in steps:
        query = STEPS.get(name, renamed(name))(query, *given)
    answer = {"data": None, "error": None, "count": None}
    try:
        said = query.execute()
        if isinstance(said, str):
            answer["data"] = said
        elif said is not None:
            answer.update(data=said.data, count=said.count)
        # An answer without a body is [] here, null in supabase-js.
        if not WIRE.last.content:
            answer["data"] = None
    except APIError as error:
        answer["error"] = {
            name: getattr(error, name) for name in ("code", "message", "details", "hint")
        }
    answer["status"] = WIRE.last.status_code
    return answer


def shown(value):
    return json.dumps(value, ensure_ascii=False)


def same(one, other):
    """Equal as JSON: true is not 1, 1.0 is 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def differs(what, found, wanted):
    return None if same(found, wanted) else f"{what}: {shown(found)}, not {shown(wanted)}"


def difference(what, wanted, answer):
    if what == "error":
        if answer["error"] is None:
            return f"no error, but {shown(answer['data'])}"
        for key, part in wanted.items():
            found = differs(key, answer["error"][key], part)
            if found:
                return f"error.{found} in {shown(answer['error'])}"
        return None
    if what == "rows":
        return differs(what, len(answer["data"] or []), wanted)
    if what == "contains":
        lacks = f"{shown(answer['data'])} lacks {shown(wanted)}"
        return None if wanted in str(answer["data"]) else lacks
    return differs(what, answer[what], wanted)


def run(scenario, apps):
    assertions = 0
    for one in scenario["calls"]:
        app = apps[scenario["app"]]
        answer = call(client(app, one.get("as", "service")), one["steps"])
        wanted = {**one["expect"], **one.get("python", {})}
        if answer["error"] and "error" not in wanted:
            raise AssertionError(f"refused: {shown(answer['error'])}")
        for what, expected in wanted.items():
            found = difference(what, expected, answer)
            if found:
                raise AssertionError(found)
            assertions += len(expected) if what == "error" else 1
    return assertions


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        given = json.load(file)
    counts = {"scenarios": 0, "assertions": 0, "failed": 0}
    for scenario in given["scenarios"]:
        counts["scenarios"] += 1
        try:
            counts["assertions"] += run(scenario, given["apps"])
            print(f"ok {scenario['name']}")
        except Exception as error:  # noqa: BLE001 - a scenario that breaks is one that failed
            counts["failed"] += 1
            print(f"not ok {scenario['name']}: {type(error).__name__} {error}")
    print(json.dumps(counts))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
