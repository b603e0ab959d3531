"""The statements that commit an endpoint's result. Built once: building one costs more than running it does.

Parameters that begin with `of_` say which rows are meant; the others are columns.
"""

from __future__ import annotations

from sqlalchemy import and_, bindparam, delete, insert, select, update

from scorecard.store import tables

_observation = tables.observations.c
_endpoint = tables.endpoints.c
_sighting = tables.sightings.c

add_result = insert(tables.results)

# Which of `of_digests` are kept already.
kept_digests = select(_observation.digest).where(_observation.digest.in_(bindparam("of_digests", expanding=True)))
keep_observations = insert(tables.observations)
link_observations = insert(tables.observed)

_one_endpoint = and_(_endpoint.client == bindparam("of_client"), _endpoint.name == bindparam("of_name"))
known_endpoint = select(_endpoint.name).where(_one_endpoint)
expect_endpoint = insert(tables.endpoints)
remember_endpoint = update(tables.endpoints).where(_one_endpoint)

_of_endpoint = and_(_sighting.client == bindparam("of_client"), _sighting.endpoint == bindparam("of_name"))
sightings = select(_sighting.topic, _sighting.name).where(_of_endpoint)
forget_sightings = delete(tables.sightings).where(
    _of_endpoint, _sighting.topic == bindparam("of_topic"), _sighting.name == bindparam("of_sighting")
)
note_sightings = insert(tables.sightings)
