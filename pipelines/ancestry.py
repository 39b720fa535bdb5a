"""Which deployment first contained a commit, and which deployments went back or stood still.

Time order decides nothing here except the order of the deployments themselves: a commit is in a
deployment when it is the deployed commit or an ancestor of it. The algorithms are pure functions
on plain data; DuckDB and Polars appear at the border only.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Literal

import polars as pl
from duckdb import DuckDBPyConnection

Kind = Literal["forward", "redeploy", "rollback"]
Parents = Mapping[str, Sequence[str]]
"""A commit graph: each known commit's parents. A parent need not be known itself."""

RepositoryKey = tuple[str | None, str | None]
"""(source, repository id): the same commit in two repositories is two commits."""


def first_containing(parents: Parents, heads: Sequence[str]) -> dict[str, int]:
    """For each commit, the position in `heads` of the first head that contains it.

    Every commit is visited once, however many heads there are.
    """
    first: dict[str, int] = {}
    for position, head in enumerate(heads):
        pending = [head]
        while pending:
            sha = pending.pop()
            if sha not in first:
                first[sha] = position
                pending.extend(parents.get(sha, ()))
    return first


def generations(parents: Parents) -> dict[str, int]:
    """Each known commit's greatest distance to a commit without known parents.

    An ancestor has always a smaller generation, which lets `is_ancestor` stop early.
    """
    found: dict[str, int] = {}
    for start in parents:
        pending = [start]
        while pending:
            sha = pending[-1]
            known = [parent for parent in parents[sha] if parent in parents]
            missing = [parent for parent in known if parent not in found]
            if missing:
                pending.extend(missing)
                continue
            found[sha] = 1 + max((found[parent] for parent in known), default=-1)
            pending.pop()
    return found


def is_ancestor(parents: Parents, generation: Mapping[str, int], sha: str, of: str) -> bool:
    """Whether `sha` is a proper ancestor of `of`, as far as the known commits tell."""
    if sha == of or sha not in generation or of not in generation:
        return False
    seen = {of}
    pending = [of]
    while pending:
        for parent in parents[pending.pop()]:
            if parent == sha:
                return True
            if parent not in seen and generation.get(parent, -1) > generation[sha]:
                seen.add(parent)
                pending.append(parent)
    return False


def classify(parents: Parents, generation: Mapping[str, int], heads: Sequence[str]) -> list[Kind]:
    """What each successive deployment did: went on, stood still, or went back.

    The same commit as the previous one is a redeploy; another commit that was deployed before, or
    an ancestor of the previous one, is a rollback.
    """
    kinds: list[Kind] = []
    deployed: set[str] = set()
    previous: str | None = None
    for head in heads:
        if head == previous:
            kinds.append("redeploy")
        elif previous and (head in deployed or is_ancestor(parents, generation, head, previous)):
            kinds.append("rollback")
        else:
            kinds.append("forward")
        deployed.add(head)
        previous = head
    return kinds


def baseline_position(parents: Parents, heads: Sequence[str]) -> int:
    """The position of the last deployment of the baseline.

    That is the first deployment whose commit is known. Before one is known nothing can be
    subtracted, so the first known one would otherwise swallow the whole history.
    """
    return next((position for position, head in enumerate(heads) if head in parents), 0)


@dataclass(frozen=True, slots=True)
class Lineage:
    """One row per (service, repository): its deployments in order, with the graph behind them."""

    service_id: str
    repository: RepositoryKey
    item_ids: list[str]
    heads: list[str]
    parents: Parents


def deployment_lineage(con: DuckDBPyConnection) -> pl.DataFrame:
    """`staged.stg_deployment_lineage`: one row per service and deployment with a commit."""
    rows: list[tuple[str, str | None, str | None, str, int, str, bool, bool]] = []
    depth: dict[RepositoryKey, dict[str, int]] = {}
    for line in _lineages(con):
        if line.repository not in depth:
            depth[line.repository] = generations(line.parents)
        baseline = baseline_position(line.parents, line.heads)
        kinds = classify(line.parents, depth[line.repository], line.heads)
        rows.extend(
            (
                line.service_id,
                *line.repository,
                item_id,
                position + 1,
                kind,
                position <= baseline,
                head in line.parents,
            )
            for position, (item_id, head, kind) in enumerate(
                zip(line.item_ids, line.heads, kinds, strict=True)
            )
        )
    schema = {
        "service_id": pl.String,
        "repository_source": pl.String,
        "repository_id": pl.String,
        "item_id": pl.String,
        "deployment_number": pl.Int64,
        "lineage_kind": pl.String,
        "is_baseline": pl.Boolean,
        "has_known_commit": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def commit_deployment(con: DuckDBPyConnection) -> pl.DataFrame:
    """`staged.stg_commit_deployment`: one row per service and commit that was ever deployed."""
    schema = {
        "service_id": pl.String,
        "repository_source": pl.String,
        "repository_id": pl.String,
        "sha": pl.String,
        "deployment_item_id": pl.String,
        "deployment_number": pl.Int64,
    }
    frames = [pl.DataFrame(schema=schema)]
    for line in _lineages(con):
        first = first_containing(line.parents, line.heads)
        positions = pl.Series(first.values(), dtype=pl.Int64)
        frames.append(
            pl.DataFrame({"sha": pl.Series(first.keys(), dtype=pl.String)}).select(
                pl.lit(line.service_id).alias("service_id"),
                pl.lit(line.repository[0], dtype=pl.String).alias("repository_source"),
                pl.lit(line.repository[1], dtype=pl.String).alias("repository_id"),
                "sha",
                pl.Series(line.item_ids, dtype=pl.String).gather(positions).alias("deployment_item_id"),
                (positions + 1).alias("deployment_number"),
            )
        )
    return pl.concat(frames)


def _lineages(con: DuckDBPyConnection) -> Iterator[Lineage]:
    """Every lineage; the graph of a repository is shared by all services that come from it."""
    graphs = _graphs(con)
    deployments = con.execute(
        """
        SELECT service_id, repository_source, repository_id, item_id, sha
        FROM staged.stg_deployment
        WHERE item_id = deployment_item_id AND succeeded_at IS NOT NULL AND sha IS NOT NULL
        ORDER BY service_id, repository_source, repository_id, succeeded_at, item_id
        """
    ).fetchall()
    for (service_id, source, repository_id), group in groupby(deployments, key=itemgetter(0, 1, 2)):
        rows = list(group)
        repository = (source, repository_id)
        yield Lineage(
            service_id,
            repository,
            [row[3] for row in rows],
            [row[4] for row in rows],
            graphs.get(repository, {}),
        )


def _graphs(con: DuckDBPyConnection) -> dict[RepositoryKey, dict[str, list[str]]]:
    """The commit graph of each repository."""
    graphs: dict[RepositoryKey, dict[str, list[str]]] = defaultdict(dict)
    commits = con.execute(
        "SELECT source, repository_id, sha, parent_shas FROM raw.commit WHERE gone_at IS NULL"
    )
    while rows := commits.fetchmany(100_000):
        for source, repository_id, sha, parents in rows:
            graphs[source, repository_id][sha] = parents
    return graphs
