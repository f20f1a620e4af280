"""Ways round the isolation of tenants, laid as SQL on top of the migrations.

They are tried against the whole security feature, to see that the named scenarios turn red and no other.
"""

from sabotage.fault import FAULTS, Fault, sql_fault

FEATURE = "features/rls.feature"

READ = "Nobody reads a neighbour's row"
ADD = "Nobody writes into a neighbour's diary"
CHANGE = "Nobody changes a neighbour's row"
GIVE = "Nobody gives a row away to a neighbour"
DELETE = "Nobody deletes a neighbour's row"
EMPTY = "Nobody empties a table for everybody"
ADDED = "What was added since is protected like the rest"
PUBLIC_READ = "Through the public interface strangers read the rows"
PUBLIC_ADD = "Through the public interface strangers add to the rows"
PUBLIC_CHANGE = "Through the public interface strangers change the rows"
PUBLIC_GIVE = "Through the public interface strangers give rows to the clinic"
PUBLIC_DELETE = "Through the public interface strangers delete the rows"
PUBLIC_CALL = "Through the public interface strangers call functions on the rows"
SELF = "Nobody gets in by what he says of himself"
HEADER = "Nobody gets in by a header"
LENT = "Nobody gets in by a role that was lent"
ORPHANS = "What belongs to no clinic is nobody's to see"
VIEW = "A view shows no more than its tables"
FUNCTION = "A function gives nothing away"
ASTRAY = "A function is not led astray"
COPIES = "What a neighbour writes turns up nowhere else"
DUPLICATE = "An answer to a duplicate gives nothing away"
REFERENCE = "An answer to a reference gives nothing away"
LOG = "The audit log cannot be rewritten"


def _sql(name: str, defect: str, caught_by: list[str], origin: int = 0) -> Fault:
    sql_fault(name, defect, caught_by=caught_by, origin=origin, within=FEATURE)
    return FAULTS[name]


# The twenty-four kinds with which the rival tools were measured.
MEASURED = (
    _sql(
        "rls-off",
        "Row security is switched off on the diary.",
        [READ, ADD, CHANGE, PUBLIC_READ, PUBLIC_ADD, PUBLIC_CHANGE],
    ),
    _sql("rls-using-true", "The policy that shows the diary says (true).", [READ, PUBLIC_READ]),
    _sql("rls-insert-check-true", "The policy for new appointments checks nothing.", [ADD, PUBLIC_ADD], 15),
    _sql("rls-update-check-true", "A row may be changed so that it belongs to a neighbour.", [GIVE], 15),
    _sql("rls-open-to-anon", "A policy shows the diary to visitors who never signed in.", [READ, PUBLIC_READ], 57),
    _sql("rls-user-metadata", "A policy takes the clinic from what the user says of himself.", [SELF], 6),
    _sql("rls-permissive-or", "A second, generous policy is OR-ed to the strict one.", [READ, PUBLIC_READ]),
    _sql("rls-owner-rights-view", "A view reads with its owner's rights.", [VIEW], 56),
    _sql(
        "rls-definer-with-argument",
        "A function with its owner's rights takes the clinic as an argument.",
        [FUNCTION, PUBLIC_CALL],
        3,
    ),
    _sql("rls-delete-open", "The policy for deleting says (true).", [DELETE]),
    _sql(
        "rls-own-uid-capture",
        "In a sub-select, org_id names the inner table's column, so that it equals itself.",
        [READ, PUBLIC_READ],
    ),
    _sql("rls-null-organisation", "Rows that belong to no clinic are shown to all.", [ORPHANS]),
    _sql("rls-request-header", "A policy believes a header.", [HEADER]),
    _sql("rls-owner-role-granted", "The role that owns the diary is lent to everybody who signs in.", [LENT]),
    _sql("rls-materialised-view", "A materialised view counts everybody's appointments.", [VIEW]),
    _sql("rls-table-without-policies", "A new table has no row security.", [ADDED], 7),
    _sql("rls-or-service-role", "A policy lets in whoever says that his role is service_role.", [SELF]),
    _sql("rls-truncate-granted", "Everybody who signs in may empty a table.", [EMPTY]),
    _sql("rls-audit-log-writable", "Admins may tidy their own audit log.", [LOG]),
    _sql(
        "rls-vector-search",
        "The search in the knowledge base has its owner's rights and takes the clinic as an argument.",
        [FUNCTION, PUBLIC_CALL],
        12,
    ),
    _sql("rls-foreign-key-oracle", "A reference to a provider does not look at the clinic.", [REFERENCE], 11),
    _sql("rls-column-grant", "One column of the diary is open to visitors.", [READ, PUBLIC_READ]),
    _sql("rls-trigger-leak", "A trigger copies what a clinic writes to the others.", [COPIES, PUBLIC_READ]),
    _sql("rls-search-path", "A function with its owner's rights looks names up where the caller says.", [ASTRAY]),
)

# Further ways, most of them from real systems.
FURTHER = (
    _sql("rls-backup-copy", "A copy of the diary was made before a change, and stayed.", [ADDED, ORPHANS], 7),
    _sql(
        "rls-child-without-organisation",
        "A table hangs on the diary without naming the clinic, and its policy says (true).",
        [ADDED],
    ),
    _sql("rls-partition", "One partition can be read past the policies of its table.", [ADDED], 7),
    _sql(
        "rls-guard-forgets-anon",
        "A guard asks whether somebody is signed in, and lets in who is not.",
        [FUNCTION, PUBLIC_CALL],
        57,
    ),
    _sql(
        "rls-function-writes-anywhere",
        "A function that was revoked from PUBLIC only still cancels appointments for anybody.",
        [FUNCTION, PUBLIC_CALL],
        58,
    ),
    _sql("rls-function-tells-who-exists", "A function says whether an address is registered anywhere.", [FUNCTION]),
    _sql("rls-amounts-in-a-view", "A view says how many appointments all clinics have.", [VIEW]),
    _sql("rls-view-can-be-written", "What is written through a view reaches rows that it does not show.", [VIEW]),
    _sql("rls-duplicate-oracle", "A patient's address is unique across clinics.", [DUPLICATE]),
    _sql("rls-overlap-oracle", "No two clinics may have appointments at the same time.", [DUPLICATE]),
    _sql(
        "rls-everybody-locked-out",
        "A policy recurses, so that nobody reads anything.",
        [
            READ,
            ADD,
            CHANGE,
            GIVE,
            DELETE,
            PUBLIC_READ,
            PUBLIC_ADD,
            PUBLIC_CHANGE,
            PUBLIC_GIVE,
            PUBLIC_DELETE,
            SELF,
            HEADER,
            COPIES,
        ],
        28,
    ),
    _sql("rls-trigger-granted", "Everybody who signs in may hang a trigger on the diary.", [EMPTY]),
    _sql("rls-self-promotion", "A profile may be moved to another clinic by its own user.", [GIVE], 15),
    _sql("rls-admin-of-everything", "An admin anywhere is an admin everywhere.", [DELETE], 15),
)
