import type { WorkGroupConfiguration } from '@aws-sdk/client-athena';
import type { ResourceProvider } from '../../../core/resources.ts';
import type { Executions } from '../executions.ts';
import type { NamedQueries } from '../named-queries.ts';
import { deleteWorkGroup } from '../operations/workgroups.ts';
import type { WorkGroupRecord, WorkGroups } from '../workgroups.ts';

interface WorkGroupProperties {
  readonly Name: string;
  readonly Description?: string;
  readonly State?: 'ENABLED' | 'DISABLED';
  readonly RecursiveDeleteOption?: boolean | string;
  readonly Tags?: { Key: string; Value: string }[];
  readonly WorkGroupConfiguration?: Readonly<Record<string, unknown>>;
}

/** CloudFormation template reference, "AWS::Athena::WorkGroup". */
export function workGroupResource(
  groups: WorkGroups,
  executions: Executions,
  queries: NamedQueries,
): ResourceProvider<WorkGroupProperties> {
  const stateOf = ({ createdAt, name }: WorkGroupRecord) => ({
    physicalId: name,
    attributes: {
      CreationTime: String(Math.floor(createdAt / 1000)),
      'EngineVersion.EffectiveEngineVersion': 'Athena engine version 3',
    },
  });
  return {
    type: 'AWS::Athena::WorkGroup',
    replaceOn: ['Name'],
    properties: ['Name', 'Description', 'State', 'RecursiveDeleteOption', 'Tags', 'WorkGroupConfiguration'],
    async create({ Description, Name, State = 'ENABLED', Tags = [], WorkGroupConfiguration = {} }) {
      const record = await groups.create({ Name, Description, Tags, Configuration: typed(WorkGroupConfiguration) });
      return stateOf(State === 'ENABLED' ? record : await groups.update({ WorkGroup: Name, State }));
    },
    async update(
      { Description = '', State = 'ENABLED', Tags = [], WorkGroupConfiguration = {} },
      _previous,
      { physicalId },
    ) {
      const {
        EnforceWorkGroupConfiguration = true,
        PublishCloudWatchMetricsEnabled = true,
        ...more
      } = typed(WorkGroupConfiguration);
      const { ResultConfiguration: results, BytesScannedCutoffPerQuery: cutoff, ...rest } = more;
      await groups.retag(physicalId, Tags);
      const record = await groups.update({
        WorkGroup: physicalId,
        Description,
        State,
        ConfigurationUpdates: {
          ...rest,
          EnforceWorkGroupConfiguration,
          PublishCloudWatchMetricsEnabled,
          ...(cutoff === undefined
            ? { RemoveBytesScannedCutoffPerQuery: true }
            : { BytesScannedCutoffPerQuery: cutoff }),
          ResultConfigurationUpdates: {
            ...results,
            ...(results?.OutputLocation === undefined ? { RemoveOutputLocation: true } : {}),
            ...(results?.EncryptionConfiguration === undefined ? { RemoveEncryptionConfiguration: true } : {}),
          },
        },
      });
      return stateOf(record);
    },
    async delete({ physicalId }, { RecursiveDeleteOption }) {
      if (groups.find(physicalId) === undefined) return;
      await deleteWorkGroup(groups, executions, queries, physicalId, String(RecursiveDeleteOption) === 'true');
    },
  };
}

const SWITCHES = new Set(['EnforceWorkGroupConfiguration', 'PublishCloudWatchMetricsEnabled', 'RequesterPaysEnabled']);

/** Numbers and switches of templates may be text. */
function typed(configuration: Readonly<Record<string, unknown>>): WorkGroupConfiguration {
  const entries = Object.entries(configuration).map(([key, value]) => {
    if (SWITCHES.has(key)) return [key, String(value) === 'true'];
    return [key, key === 'BytesScannedCutoffPerQuery' ? Number(value) : value];
  });
  return Object.fromEntries(entries) as WorkGroupConfiguration;
}
