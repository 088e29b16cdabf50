import type { ThingGroupIndexingConfiguration, ThingIndexingConfiguration } from '@aws-sdk/client-iot';
import { FunctionError } from '../shared/errors.ts';
import type { IndexingRequest, WantedIndexing } from './schema.ts';

export interface AccountIndexing {
  readonly things: ThingIndexingConfiguration | undefined;
  readonly groups: ThingGroupIndexingConfiguration | undefined;
}

export interface IndexingPorts {
  read(): Promise<AccountIndexing>;
  /** Replaces the settings of things; those of thing groups stay as they are. */
  write(things: ThingIndexingConfiguration): Promise<void>;
}

export const INDEXING_ID = 'fleet-indexing';

/**
 * Adds to the account's settings what a stage needs. They are everybody's: what others have set stays, on deletion too,
 * and a contradiction fails the deployment instead of winning.
 */
export async function addIndexing(
  request: IndexingRequest,
  ports: IndexingPorts,
): Promise<{ physicalResourceId: string }> {
  if (request.RequestType !== 'Delete') {
    const { things } = await ports.read();
    const merged = mergeIndexing(things, request.ResourceProperties);
    if (merged !== undefined) await ports.write(merged);
  }
  return { physicalResourceId: INDEXING_ID };
}

/**
 * @returns undefined when the account has all of it already
 * @throws FunctionError `INDEXING_CONFLICT` for a custom field that the account has with another type
 */
export function mergeIndexing(
  current: ThingIndexingConfiguration | undefined,
  wanted: WantedIndexing,
): ThingIndexingConfiguration | undefined {
  const fields = current?.customFields ?? [];
  const conflict = wanted.CustomFields.find(({ Name, Type }) =>
    fields.some(({ name, type }) => name === Name && type !== Type),
  );
  if (conflict !== undefined) {
    throw new FunctionError(
      'INDEXING_CONFLICT',
      `the account indexes ${conflict.Name} with another type than ${conflict.Type}; agree with its owner on one`,
    );
  }
  const shadows = current?.filter?.namedShadowNames ?? [];
  const newShadows = wanted.NamedShadows.filter((name) => !shadows.includes(name));
  const newFields = wanted.CustomFields.filter(({ Name }) => !fields.some(({ name }) => name === Name));
  const mode = current?.thingIndexingMode ?? 'OFF';
  const complete =
    mode !== 'OFF' &&
    current?.thingConnectivityIndexingMode === 'STATUS' &&
    (wanted.NamedShadows.length === 0 || current.namedShadowIndexingMode === 'ON') &&
    newShadows.length === 0 &&
    newFields.length === 0;
  if (complete) return undefined;
  const namedShadowNames = [...shadows, ...newShadows];
  const { managedFields: _managed, ...kept } = current ?? {};
  return {
    ...kept,
    thingIndexingMode: mode === 'OFF' ? 'REGISTRY' : mode,
    thingConnectivityIndexingMode: 'STATUS',
    ...(namedShadowNames.length > 0 && {
      namedShadowIndexingMode: 'ON' as const,
      filter: { ...current?.filter, namedShadowNames },
    }),
    customFields: [...fields, ...newFields.map(({ Name, Type }) => ({ name: Name, type: Type }))],
  };
}
