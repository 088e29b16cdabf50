import type {
  CreateWorkGroupInput,
  UpdateWorkGroupInput,
  WorkGroup,
  WorkGroupConfiguration,
} from '@aws-sdk/client-athena';
import { arn } from '../../core/account.ts';
import { NotImplementedError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { invalidRequest } from './errors.ts';
import { MAX_WORKGROUPS, MIN_BYTES_CUTOFF, WORKGROUP_PATTERN } from './limits.ts';

export interface WorkGroupRecord {
  readonly name: string;
  readonly description?: string | undefined;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly outputLocation?: string | undefined;
  readonly encryption?: 'SSE_S3' | undefined;
  readonly enforce: boolean;
  /** Recorded: no metrics are published. */
  readonly publishMetrics: boolean;
  readonly bytesCutoff?: number | undefined;
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly createdAt: number;
}

/** The workgroup that every account has. */
export const PRIMARY = 'primary';

const UNSUPPORTED = [
  'ManagedQueryResultsConfiguration',
  'ManagedQueryResultsConfigurationUpdates',
  'RequesterPaysEnabled',
  'AdditionalConfiguration',
  'ExecutionRole',
  'MonitoringConfiguration',
  'EngineConfiguration',
  'CustomerContentEncryptionConfiguration',
  'EnableMinimumEncryptionConfiguration',
  'IdentityCenterConfiguration',
  'QueryResultsS3AccessGrantsConfiguration',
] as const;

/** The workgroups of the account. */
export class WorkGroups {
  readonly context: CloudContext;
  readonly #records: Collection<WorkGroupRecord>;

  constructor(context: CloudContext) {
    this.context = context;
    this.#records = context.store.collection('athena/workgroups');
  }

  arn(name: string | undefined): string {
    return arn(this.context.account, 'athena', `workgroup/${name ?? PRIMARY}`);
  }

  /** In order of name. */
  all(): WorkGroupRecord[] {
    const own = [...this.#records.values()];
    const records = this.#records.has(PRIMARY) ? own : [...own, this.#primary()];
    return records.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string | undefined): WorkGroupRecord | undefined {
    return this.#records.get(name ?? PRIMARY) ?? (name === undefined || name === PRIMARY ? this.#primary() : undefined);
  }

  /** @throws AwsError `InvalidRequestException` */
  require(name: string | undefined): WorkGroupRecord {
    const found = this.find(name);
    if (found === undefined) throw invalidRequest('WorkGroup is not found.');
    return found;
  }

  async create(input: CreateWorkGroupInput): Promise<WorkGroupRecord> {
    const { Name: name = '' } = input;
    if (!new RegExp(`^${WORKGROUP_PATTERN}$`).test(name)) throw invalidRequest(`WorkGroup name '${name}' is invalid.`);
    if (this.find(name) !== undefined) throw invalidRequest('WorkGroup is already created.');
    if (this.#records.size >= MAX_WORKGROUPS) throw invalidRequest(`An account can have ${MAX_WORKGROUPS} workgroups.`);
    const configuration = input.Configuration ?? {};
    refuse(configuration);
    const { ResultConfiguration: results } = configuration;
    return this.#save({
      name,
      description: input.Description,
      state: 'ENABLED',
      outputLocation: readLocation(results?.OutputLocation),
      encryption: readEncryption(results),
      enforce: configuration.EnforceWorkGroupConfiguration ?? true,
      publishMetrics: configuration.PublishCloudWatchMetricsEnabled ?? true,
      bytesCutoff: readCutoff(configuration.BytesScannedCutoffPerQuery),
      tags: (input.Tags ?? []).map(({ Key = '', Value = '' }) => ({ Key, Value })),
      createdAt: this.context.clock.now(),
    });
  }

  async update(input: UpdateWorkGroupInput): Promise<WorkGroupRecord> {
    const current = this.require(input.WorkGroup);
    const changes = input.ConfigurationUpdates ?? {};
    refuse(changes);
    const { ResultConfigurationUpdates: results } = changes;
    const location = readLocation(results?.OutputLocation) ?? current.outputLocation;
    const encryption = readEncryption(results) ?? current.encryption;
    const cutoff = readCutoff(changes.BytesScannedCutoffPerQuery) ?? current.bytesCutoff;
    return this.#save({
      ...current,
      description: input.Description ?? current.description,
      state: input.State ?? current.state,
      outputLocation: results?.RemoveOutputLocation === true ? undefined : location,
      encryption: results?.RemoveEncryptionConfiguration === true ? undefined : encryption,
      enforce: changes.EnforceWorkGroupConfiguration ?? current.enforce,
      publishMetrics: changes.PublishCloudWatchMetricsEnabled ?? current.publishMetrics,
      bytesCutoff: changes.RemoveBytesScannedCutoffPerQuery === true ? undefined : cutoff,
    });
  }

  async retag(name: string, tags: WorkGroupRecord['tags']): Promise<void> {
    await this.#save({ ...this.require(name), tags });
  }

  async delete(name: string): Promise<void> {
    if (name === PRIMARY) throw invalidRequest('primary WorkGroup could not be deleted.');
    this.#records.delete(this.require(name).name);
    await this.context.store.durable();
  }

  #primary(): WorkGroupRecord {
    return { name: PRIMARY, state: 'ENABLED', enforce: false, publishMetrics: false, tags: [], createdAt: 0 };
  }

  async #save(record: WorkGroupRecord): Promise<WorkGroupRecord> {
    this.#records.put(record.name, record);
    await this.context.store.durable();
    return record;
  }
}

export function wireWorkGroup(group: WorkGroupRecord): WorkGroup {
  const configuration: WorkGroupConfiguration = {
    ResultConfiguration: {
      OutputLocation: group.outputLocation,
      ...(group.encryption === undefined ? {} : { EncryptionConfiguration: { EncryptionOption: group.encryption } }),
    },
    EnforceWorkGroupConfiguration: group.enforce,
    PublishCloudWatchMetricsEnabled: group.publishMetrics,
    BytesScannedCutoffPerQuery: group.bytesCutoff,
    RequesterPaysEnabled: false,
    EngineVersion: ENGINE_VERSION,
  };
  return {
    Name: group.name,
    State: group.state,
    Description: group.description,
    Configuration: configuration,
    CreationTime: new Date(group.createdAt),
  };
}

export const ENGINE_VERSION = { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: 'Athena engine version 3' };

/** @throws AwsError `InvalidRequestException` */
export function readLocation(location: string | undefined): string | undefined {
  if (location === undefined) return undefined;
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]*)(?:\/(.*))?$/.exec(location);
  if (match === null) throw invalidRequest(`outputLocation is not a valid S3 path: '${location}'`);
  const [, bucket, prefix = ''] = match;
  return `s3://${bucket}/${prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`}`;
}

export function readEncryption(
  results: { EncryptionConfiguration?: object | undefined; AclConfiguration?: object | undefined } | undefined,
): 'SSE_S3' | undefined {
  if (results?.AclConfiguration !== undefined) throw new NotImplementedError('Athena: AclConfiguration of results');
  const { EncryptionOption: option } = (results?.EncryptionConfiguration ?? {}) as { EncryptionOption?: string };
  if (option === undefined || option === 'SSE_S3') return option;
  throw new NotImplementedError(`Athena: EncryptionOption '${option}' of results`);
}

function readCutoff(bytes: number | undefined): number | undefined {
  if (bytes !== undefined && bytes < MIN_BYTES_CUTOFF) {
    throw invalidRequest(`BytesScannedCutoffPerQuery must be at least ${MIN_BYTES_CUTOFF}`);
  }
  return bytes;
}

function refuse(configuration: object): void {
  const members = configuration as Readonly<Record<string, unknown>>;
  const given = UNSUPPORTED.find((member) => members[member] !== undefined && members[member] !== false);
  if (given !== undefined) throw new NotImplementedError(`Athena: ${given} of a workgroup`);
  const { SelectedEngineVersion: version } = (members.EngineVersion ?? {}) as { SelectedEngineVersion?: string };
  if (version !== undefined && version !== 'AUTO' && version !== 'Athena engine version 3') {
    throw new NotImplementedError(`Athena: the engine version '${version}'`);
  }
}
