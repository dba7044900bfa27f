"""A query for every root, as people and the web app ask them. Each has a budget of store calls."""

from __future__ import annotations

from typing import Any

from tests.plans.plan_files import every_action

COMPARED = """revision asOf beforeRevision beforeAsOf complete truncated
            beforeSentence afterSentence
            counts { before after new gone changed }
            new { name items { id item { status } } after { rank state score text } }
            gone { name before { rank } } changed { name before { rank } after { rank } }"""
"""What all comparisons of answers have."""

DOCUMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "item_by_name": (
        """query($key: String!) { item(key: $key) {
            id kind name status stale identifiers lastSeen
            provenance { property winner { value source since stale } others { source } }
            ... on NetworkDevice { networkRole memory }
        } }""",
        {"key": "dc1-core-sw1"},
    ),
    "item_page": (
        """query($key: String!) { item(key: $key) {
            name
            out: links(direction: out, first: 100) {
                totalCount nodes { id phrase relation item { id kind name status } } }
            in: links(direction: in, first: 100) {
                totalCount nodes { id phrase relation item { id kind name status } } }
        } }""",
        {"key": "dc1-core-sw1"},
    ),
    "impact_comparison": (
        """query { impactComparison(items: ["dc1-r03-acc-sw1"], since: "1") {
            before { revision counts { down } } after { revision counts { down } }
            worse better appeared gone
            changes { id name kind before after item { status } } } }""",
        {},
    ),
    "dependencies_comparison": (
        """query { dependenciesComparison(item: "orders@production", since: "1", limit: 3) {
            name direction counts { before after new gone changed } truncated
            new { name depth item { status } } changed { name before { depth } } } }""",
        {},
    ),
    "risk_comparison": (
        """query { riskComparison(items: ["dc1-hv03"], since: "1") {
            total beforeTotal affected beforeAffected
            factors { factor before after beforeSentence afterSentence } } }""",
        {},
    ),
    "change_assessment": (
        """query($plan: JSON!) { changeAssessment(plan: $plan) {
            counts { delete replace } changes { address effect name item { status } } unmapped
            impact { sentence counts { down } } risk { total factors { factor points } } } }""",
        {"plan": every_action()},
    ),
    "change_assessment_comparison": (
        """query($plan: JSON!) { changeAssessmentComparison(plan: $plan, since: "1",
            start: "2026-11-24T22:00:00Z", end: "2026-11-25T02:00:00Z") {
            beforeRevision impact { worse better changes { name before after } }
            risk { total beforeTotal }
            newConflicts { type sentence } goneConflicts { other } } }""",
        {"plan": every_action()},
    ),
    "causes_comparison": (
        f"""query {{ causesComparison(since: "1", limit: 2, alerts: [
            {{item: "checkout@production"}}, {{item: "payments@production"}}]) {{
            {COMPARED} }} }}""",
        {},
    ),
    "suspects_comparison": (
        f"""query {{ suspectsComparison(items: ["checkout@production"], compare: "1", limit: 2) {{
            {COMPARED} }} }}""",
        {},
    ),
    "restoration_order_comparison": (
        f"""query {{ restorationOrderComparison(items: ["ledger-db-1"], since: "1", limit: 2) {{
            {COMPARED} }} }}""",
        {},
    ),
    "weak_point_pairs_comparison": (
        f"""query {{ weakPointPairsComparison(item: "orders@production", since: "1", limit: 2) {{
            {COMPARED} }} }}""",
        {},
    ),
    "estate_weak_points_comparison": (
        f"""query {{ estateWeakPointsComparison(since: "1", limit: 2) {{ {COMPARED} }} }}""",
        {},
    ),
    "collisions_comparison": (
        f"""query {{ collisionsComparison(since: "1", planned: [
            {{name: "a", items: ["orders-db-1"], start: "2026-11-24T22Z", end: "2026-11-25T02Z"}}
            {{name: "b", items: ["orders-db-2"], start: "2026-11-24T23Z", end: "2026-11-25T01Z"}}
        ]) {{ {COMPARED} }} }}""",
        {},
    ),
    "nested_links": (
        """query($first: Int!) { virtualMachines(first: $first) { totalCount nodes {
            name memory
            links(relations: [HOSTED_ON]) { nodes { item {
                name
                links(relations: [LINKED_TO], first: 10) { nodes { item { name kind } } }
            } } }
        } } }""",
        {"first": 50},
    ),
    "filtered_items": (
        """query { items(
            kinds: [Host], first: 10, sort: {field: "memory", descending: true},
            filter: [{field: "memory", operator: ge, value: 64000000000}]
        ) { totalCount pageInfo { hasNextPage endCursor } nodes { name kind } } }""",
        {},
    ),
    "search": (
        'query { search(text: "core sw", first: 3) { totalCount nodes { id kind name } } }',
        {},
    ),
    "node": ('query { node(id: "nothing") { id } }', {}),
    "blast_radius": (
        """query($items: [String!]!) { impact(items: $items) {
            revision asOf sentence truncated failed
            counts { down degraded atRisk }
            affected { id kind name state distance reason because { relation from } path
                item { status stale } }
            services { name state criticality item { links(relations: [OWNED_BY]) {
                nodes { item { name } } } } }
            owners { name contact item { kind } }
            picture { boxes { id label state count members(first: 3) { name } }
                edges { from to relation count } }
        } }""",
        {"items": ["dc1-r03-acc-sw1"]},
    ),
    "explain": (
        """query { explain(items: ["dc1-hv03"], item: "search@production") {
            state steps { name how sentence failed { name item { kind } } } } }""",
        {},
    ),
    "dependencies": (
        """query { dependencies(item: "checkout@production", depth: 2) {
            total items { name depth gate needed total item { status } } } }""",
        {},
    ),
    "dependents": (
        """query { dependents(item: "dc1-hv03", limit: 5) {
            total truncated items { name depth item { status } } } }""",
        {},
    ),
    "weak_points": (
        """query { weakPoints(item: "payments@production", limit: 3) {
            counts { weakPoints falseRedundancies lookedAt } truncated
            weakPoints { name distance path servicesDown item { status } because { relation } }
            falseRedundancies { name gate sentence shared { name weakPoint } } } }""",
        {},
    ),
    "weak_point_pairs": (
        """query { weakPointPairs(item: "orders@production", limit: 3) {
            name total lookedAt walks complete truncated
            pairs { servicesDown itemsDown items { name distance item { status } } } } }""",
        {},
    ),
    "weak_points_comparison": (
        """query { weakPointsComparison(item: "orders@production", since: "1", limit: 3) {
            name counts { before after new gone kept } truncated
            new { name distance item { status } } gone { name } } }""",
        {},
    ),
    "estate_weak_points": (
        """query { estateWeakPoints(limit: 3) { counts { services lookedAt weakPoints } truncated
            byServicesDown { name servicesDown itemsDown redundancies savedPerRedundancy
                item { status } }
            bySavedPerRedundancy { name savedPerRedundancy } } }""",
        {},
    ),
    "restoration_order": (
        """query { restorationOrder(items: ["dc1-r03-acc-sw1"], limit: 40) {
            counts { items waves groupsTogether atRisk } truncated
            waves { number groups { items { name state item { status } } } } } }""",
        {},
    ),
    "causes": (
        """query { causes(alerts: [{item: "checkout@production"}, {item: "payments@production"}]) {
            confident unexplained truncated
            causes { score state items { name item { status } } explains quiet
                evidence { factor value sentence } } } }""",
        {},
    ),
    "suspects": (
        """query { suspects(items: ["checkout@production"], limit: 5) {
            total upstream leftOut suspects { score distance summary actor
                items { name item { status } } evidence { factor value sentence } } } }""",
        {},
    ),
    "collisions": (
        """query { collisions(planned: [
            {name: "a", items: ["orders-db-1"], start: "2026-11-24T22:00Z", end: "2026-11-25T02Z"}
            {name: "b", items: ["orders-db-2"], start: "2026-11-24T23:00Z", end: "2026-11-25T01Z"}
        ]) { total incomplete collisions { planned start end worseTotal services
            worse { name apart together item { status } } inside { name hitBy state } } } }""",
        {},
    ),
    "risk": (
        """query { risk(items: ["dc1-hv03"]) { total state affected
            factors { factor value weight points sentence evidence { id text } } } }""",
        {},
    ),
    "path": (
        """query { path(from: "checkout@production", to: "dc1-core-sw1", limit: 1) {
            connection length paths { items { name item { status } } steps { relation } } } }""",
        {},
    ),
    "history": (
        """query { history(key: "dc1-core-sw1") {
            revision time actor action changes { field before after } } }""",
        {},
    ),
    "diff": (
        """query { diff(from: "0", to: "1", limit: 2) {
            total truncated differences { id name changes { field after } } } }""",
        {},
    ),
    "revisions": (
        "query { revisions(limit: 5) { number actor edits } revision(number: 1) { reason } }",
        {},
    ),
    "runs": ("query { runs { source status counts errors } }", {}),
    "sources": (
        """query { sources { source scope seconds lastSuccess failures
            latest { id status counts held { gone known } } } }""",
        {},
    ),
    "drift": (
        """query { drift(limit: 3) { neverSeen neverDeclared both unjudged truncated
            links { drift relation start { name } end { kind name } sources } } }""",
        {},
    ),
    "waiting_links": ("query { waitingLinks { total waiting { reason report { toKey } } } }", {}),
    "catalogue": (
        """query { kinds { name connection properties { name field choices } }
            kind(name: "Server") { lineage } relations { name phrase } }""",
        {},
    ),
    "info": ("query { info { revision items links waiting version } }", {}),
    "incident": (
        """query { incident(record: "INC0000001") {
            number state nextStates properties affected { name } causedBy { name }
            analysis { revision sentence impact confident services { name state }
                causes { score items { name } } suspects { summary } call { name why }
                similar { number score } precedents { name times score }
                knownErrors { number workaround } } } }""",
        {},
    ),
    "unbound_alerts": (
        "query { unboundAlerts(first: 5) { number: name state summary severity } }",
        {},
    ),
    "incident_timeline": (
        """query { incidentTimeline(record: "INC0000001") { time type sentence actor } }""",
        {},
    ),
    "change": (
        """query { change(record: "CHG0000001") {
            number state nextStates revision properties items { id action state }
            approvals { number authority state eligible }
            analysis { riskScore risk sentence conflicts { type other sentence }
                ruling { ruling rule authorities } moved { riskBefore riskAfter } }
            movedSince { riskBefore riskAfter servicesGained conflictsGained }
            review { sentence incidents { number } } steps { number state } } }""",
        {},
    ),
    "change_calendar": (
        """query { changeCalendar(start: "2026-11-01T00:00:00Z", end: "2026-12-31T00:00:00Z") {
            truncated entries { type number about start end state risk items } } }""",
        {},
    ),
    "unauthorized_changes": (
        """query { unauthorizedChanges(since: "2026-01-01T00:00:00Z") { total truncated changes {
            id name property before after time revision source whoMightKnow change } } }""",
        {},
    ),
    "problem": (
        """query { problem(record: "PRB0000001") {
            number state nextStates properties links { phrase kind name state } } }""",
        {},
    ),
    "problem_candidates": (
        """query { problemCandidates { since incidents truncated
            candidates { reason name incidents sentence } } }""",
        {},
    ),
    "report": (
        """query { report(name: "iso20000") { title revision since until
            sections { code title missing attest
                measures { name value unit n sentence records } } } }""",
        {},
    ),
    "health": (
        """query { health(limit: 5) { revision items services truncated findings
            scores { part defects of score weighted sentence } defectsTotal
            defects { defect name services sentence } }
            duplicates { name ids sentence } }""",
        {},
    ),
    "baseline_verification": (
        """query { baselineVerification(record: "BSL0000001") { number findings members
            differences { name field before after controlled revision changes } } }""",
        {},
    ),
    "service_request": (
        """query { requestCatalogue serviceRequest(record: "REQ0000025") {
            number state nextStates properties links { phrase kind name state } } }""",
        {},
    ),
}
