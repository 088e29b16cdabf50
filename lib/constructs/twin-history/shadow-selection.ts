import { CLASSIC_SHADOW, type PlatformNames } from '@fleetwright/contracts';

/** Where a shadow is named in its topic: `$aws/things/{3}/shadow/name/{6}/…`; the classic one is not. */
const SHADOW_NAMES = { named: 'topic(6)', classic: `'${CLASSIC_SHADOW}'` } as const;
const TOPICS = { named: '$aws/things/+/shadow/name/+', classic: '$aws/things/+/shadow' } as const;

export type ShadowKind = keyof typeof TOPICS;
export const SHADOW_KINDS = ['named', 'classic'] as const satisfies readonly ShadowKind[];

/** Things belong to the whole account; a stage looks at its own. */
function ownThings(names: PlatformNames): string {
  return `startswith(topic(3), '${names.thingNamePrefix}')`;
}

/** SELECT of each change of a shadow; yields `TwinChange`. */
export function changedShadows(names: PlatformNames, kind: ShadowKind): string {
  return (
    `SELECT 'changed' AS kind, topic(3) AS thingName, ${SHADOW_NAMES[kind]} AS shadowName, ` +
    'current.version AS version, timestamp AS madeAt, timestamp() AS receivedAt, ' +
    'current.state.desired AS desired, current.state.reported AS reported ' +
    `FROM '${TOPICS[kind]}/update/documents' WHERE ${ownThings(names)}`
  );
}

/** Only shadows that have, or had, a desired state can drift. */
export function desiredShadows(names: PlatformNames, kind: ShadowKind): string {
  const hasDesired = 'NOT isUndefined(current.state.desired) OR NOT isUndefined(previous.state.desired)';
  return `${changedShadows(names, kind)} AND (${hasDesired})`;
}

/** SELECT of each deletion of a shadow; yields `TwinChange` without sections. */
export function deletedShadows(names: PlatformNames, kind: ShadowKind): string {
  return (
    `SELECT 'deleted' AS kind, topic(3) AS thingName, ${SHADOW_NAMES[kind]} AS shadowName, ` +
    'version, timestamp AS madeAt, timestamp() AS receivedAt ' +
    `FROM '${TOPICS[kind]}/delete/accepted' WHERE ${ownThings(names)}`
  );
}
