"""The endpoints of the policy: what decides and decided, another one, and proposals that wait for a second person."""

from starlette.responses import Response

from kuraban.core.policy import ACTIONS, PolicyError
from kuraban.journal import proposals
from kuraban.journal.proposals import Proposal
from kuraban.server import api
from kuraban.server.clock import written
from kuraban.server.endpoint import Asked, answer
from kuraban.server.paging import cursor, limit, place
from kuraban.server.policies import RefusedError, needed
from kuraban.server.problems import ProblemError


async def policy_list(asked: Asked) -> api.Policies:
    """The policies, and how the one on trial compares."""
    service = asked.service
    shadow = service.ready().shadow
    views = [
        api.PolicyView(each.version, each.first, written(each.at), each.who, each.why, each.approved_by, each.toml)
        for each in reversed(service.policies)
    ]
    pairs = {f"{ACTIONS[a]}/{ACTIONS[b]}": n for (a, b), n in sorted(shadow.pairs.items())} if shadow else {}
    control = service.control
    return api.Policies(views, shadow.name if shadow else None, pairs, control.two_person, len(control.waiting))


async def policy_change(asked: Asked) -> api.Policies | Response:
    """Decide by another policy from now on, propose to, or let it decide along."""
    service, body = asked.service, asked.body
    try:
        if body.shadow:
            await service.try_policy(body.toml, body.who, body.why)
            return await policy_list(asked)
        found = await service.propose_policy(body.toml, body.who, body.why, asked.by)
    except (PolicyError, RefusedError) as error:
        raise _problem(error) from None
    return answer(202, view(found)) if isinstance(found, Proposal) else await policy_list(asked)


async def proposal_list(asked: Asked) -> api.Proposals:
    """A page of proposals."""
    query = asked.request.query_params
    most, before = limit(query.get("limit")), place(query.get("cursor"), int)
    found = await asked.service.read(lambda connection: proposals.listed(connection, before, most + 1))
    return api.Proposals([view(each) for each in found[:most]], cursor(found[most - 1].id) if found[most:] else None)


async def proposal_judged(asked: Asked) -> api.ProposalView:
    """Turn a proposal down, or withdraw it; approving is for people, in the console."""
    number, body = asked.request.path_params["proposal"], asked.body
    try:
        return view(await asked.service.decide_proposal(number, body.approve, body.who, body.why, asked.by))
    except KeyError:
        raise ProblemError(404, "not-found", f"there is no proposal {number}") from None
    except (PolicyError, RefusedError) as error:
        raise _problem(error) from None


def view(proposal: Proposal) -> api.ProposalView:
    """A proposal for the API."""
    decided_at = written(proposal.decided_at) if proposal.decided_at is not None else None
    return api.ProposalView(
        proposal.id,
        proposal.state,  # type: ignore[arg-type]
        written(proposal.at),
        proposal.who,
        proposal.why,
        proposal.decided_by,
        decided_at,
        proposal.decided_why,
        proposal.toml,
        proposal.key,
        [api.ApprovalView(each.who, written(each.at), each.why) for each in proposal.approvals],
        needed(proposal),
    )


def _problem(error: PolicyError | RefusedError) -> ProblemError:
    code = error.code if isinstance(error, RefusedError) else "invalid-request"
    if code == "person-needed":
        return ProblemError(403, "person-needed", str(error))
    return ProblemError(409 if code == "conflict" else 422, code, str(error))
