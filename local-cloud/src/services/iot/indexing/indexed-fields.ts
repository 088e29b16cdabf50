import type { ThingSources } from './documents/thing-sources.ts';
import { invalidQuery } from './errors.ts';
import { fieldsOf, type Query } from './query/query.ts';

/**
 * Holds the fields of a query against what is indexed. The guide does not say what a query for a field outside the
 * index answers; it could match nothing, so it is refused by name.
 *
 * @throws AwsError InvalidQueryException
 */
export function checkThingFields(query: Query, sources: ThingSources): void {
  for (const field of fieldsOf(query)) {
    const problem = thingFieldProblem(field, sources);
    if (problem !== undefined) throw invalidQuery(`The field ${field} ${problem}`);
  }
}

/** @throws AwsError InvalidQueryException */
export function checkThingGroupFields(query: Query): void {
  for (const field of fieldsOf(query)) {
    if (field === 'version') throw invalidQuery('The field version is not searchable');
    if (GROUP_FIELDS.has(field) || isAttribute(field)) continue;
    throw invalidQuery(`The field ${field} is not a field of the index AWS_ThingGroups`);
  }
}

const THING_FIELDS = new Set([
  'thingName',
  'thingId',
  'thingTypeName',
  'thingGroupNames',
  'registry.thingTypeName',
  'registry.thingGroupNames',
]);
const CONNECTIVITY_FIELDS = new Set(['connected', 'timestamp', 'disconnectReason', 'version']);
/** `thingGroupNames` as in the guide's examples (`example-thinggroup-queries`). */
const GROUP_FIELDS = new Set(['thingGroupName', 'thingGroupNames', 'thingGroupId', 'description', 'parentGroupNames']);
const SHADOW_SECTION = /^(?:hasDelta$|(?:desired|reported|delta|metadata)\.)/;

/** A behavior of a security profile, with what is known of it. */
const VIOLATION =
  /^deviceDefender\.[^.]+\.[^.]+\.(?:metricName|lastViolationTime|inViolation|lastViolationValue(?:\.[a-z]+)?)$/;

/** Of `managing-fleet-index`, "Managed fields": which are not searchable. */
const VERSION = /^(?:registry\.version|shadow\.version|shadow\.name\.[^.]+\.version|deviceDefender\.version)$/;

function thingFieldProblem(field: string, sources: ThingSources): string | undefined {
  if (VERSION.test(field)) return 'is not searchable';
  if (THING_FIELDS.has(field) || isAttribute(field)) return undefined;
  if (field.startsWith('connectivity.') && CONNECTIVITY_FIELDS.has(field.slice('connectivity.'.length))) {
    return sources.connectivity ? undefined : 'is not indexed: thing connectivity indexing is off';
  }
  if (field.startsWith('shadow.name.')) {
    const [name = '', ...rest] = field.slice('shadow.name.'.length).split('.');
    if (!SHADOW_SECTION.test(rest.join('.'))) return UNKNOWN;
    return sources.namedShadows.includes(name) ? undefined : `is not indexed: the named shadow ${name} is not`;
  }
  if (field.startsWith('shadow.') && SHADOW_SECTION.test(field.slice('shadow.'.length))) {
    return sources.classicShadow ? undefined : 'is not indexed: shadows are not';
  }
  if (field === 'deviceDefender.violationCount' || VIOLATION.test(field)) {
    return sources.violations ? undefined : 'is not indexed: Device Defender violations are not';
  }
  return UNKNOWN;
}

const UNKNOWN = 'is not a field of the index AWS_Things';

function isAttribute(field: string): boolean {
  return field.startsWith('attributes.') && field.length > 'attributes.'.length;
}
