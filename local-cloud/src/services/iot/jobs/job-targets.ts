import { iotResourceName } from '../arns.ts';
import { invalidRequest, resourceNotFound } from '../errors.ts';
import type { RegistryState } from '../registry/registry-state.ts';
import type { JobRecord } from './records.ts';

/**
 * Checks that each target is a thing or thing group of this account.
 *
 * @throws AwsError InvalidRequestException, ResourceNotFoundException
 */
export function checkTargets(registry: RegistryState, targets: readonly string[]): void {
  const { account } = registry.environment;
  for (const target of targets) {
    const thing = iotResourceName(account, 'thing', target);
    const group = iotResourceName(account, 'thinggroup', target);
    if (thing === undefined && group === undefined) throw invalidRequest(`Invalid target ARN: ${target}`);
    if (thing !== undefined && !registry.things.has(thing)) throw resourceNotFound(`Thing ${thing} not found.`);
    if (group !== undefined && !registry.thingGroups.has(group)) {
      throw resourceNotFound(`Thing group ${group} not found.`);
    }
  }
}

/** The things of all targets, each once: of a group also those of its child groups (developer guide, `thing-groups`). */
export function thingsOf(registry: RegistryState, targets: readonly string[]): string[] {
  const { account } = registry.environment;
  const things = new Set<string>();
  for (const target of targets) {
    const thing = iotResourceName(account, 'thing', target);
    if (thing !== undefined) things.add(thing);
    const root = iotResourceName(account, 'thinggroup', target);
    const open = root === undefined ? [] : [root];
    for (let group = open.pop(); group !== undefined; group = open.pop()) {
      for (const member of registry.memberships.leftsOf(group).keys()) things.add(member);
      open.push(...registry.childGroupsOf(group));
    }
  }
  return [...things];
}

/** Whether a member of `groupName` is meant by the job. */
export function targetsGroup(registry: RegistryState, job: JobRecord, groupName: string): boolean {
  for (const { name } of registry.groupAndAncestors(groupName)) {
    if (job.targets.includes(registry.arn('thinggroup', name))) return true;
  }
  return false;
}

/** Whether the thing is meant by the job as things and groups are now. */
export function targetsThing(registry: RegistryState, job: JobRecord, thingName: string): boolean {
  if (job.targets.includes(registry.arn('thing', thingName))) return true;
  for (const group of registry.memberships.rightsOf(thingName).keys()) {
    if (targetsGroup(registry, job, group)) return true;
  }
  return false;
}
