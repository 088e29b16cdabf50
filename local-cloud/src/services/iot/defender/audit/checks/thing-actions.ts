import * as schemas from '@aws-sdk/client-iot';

/** Groups of AWS IoT actions as the guide's pages on roles have them (`audit-chk-auth-cognito-role-permissive`). */

const lower = (names: readonly string[]): string[] => names.map((name) => `iot:${name.toLowerCase()}`);

/** "Manage or modify things" */
export const THING_WRITE_ACTIONS = lower([
  'AddThingToThingGroup',
  'AttachThingPrincipal',
  'CreateThing',
  'DeleteThing',
  'DetachThingPrincipal',
  'ListThings',
  'ListThingsInThingGroup',
  'RegisterThing',
  'RemoveThingFromThingGroup',
  'UpdateThing',
  'UpdateThingGroupsForThing',
]);

/** "Read thing administrative data" */
export const THING_READ_ACTIONS = lower([
  'DescribeThing',
  'ListJobExecutionsForThing',
  'ListThingGroupsForThing',
  'ListThingPrincipals',
]);

const DISCUSSED: ReadonlySet<string> = new Set([...THING_WRITE_ACTIONS, ...THING_READ_ACTIONS]);

/** "Manage non-things": the rest of AWS IoT's control plane. */
export const NON_THING_ACTIONS: readonly string[] = Object.keys(schemas)
  .filter((name) => name.endsWith('Command') && name !== '$Command')
  .map((name) => `iot:${name.slice(0, -'Command'.length).toLowerCase()}`)
  .filter((action) => !DISCUSSED.has(action));
