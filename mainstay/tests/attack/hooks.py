"""What a setting of Schemathesis cannot say: checks of its own, which are off in schemathesis.toml,
done here for every answer but the few that are right by the dialect."""

import schemathesis
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
)

WRITES = ("POST", "PUT")


@schemathesis.check
def written_content(ctx, response, case):
    if case.method not in WRITES or (response.status_code == 201 and not response.content):
        return None
    content_type_conformance(ctx, response, case)
    return response_schema_conformance(ctx, response, case)


@schemathesis.check
def other_method(ctx, response, case):
    # A query that cannot be read is refused before anybody asks what the table can do; a reading
    # method does not hear Content-Profile, a writing one not Accept-Profile, so it is about another
    # module, where no such table is; and all but POST to batches is about a table of that name.
    if case.path.startswith("/rest/v1/"):
        if response.status_code in (400, 404) or case.path == "/rest/v1/batch":
            return None
    return unsupported_method(ctx, response, case)
