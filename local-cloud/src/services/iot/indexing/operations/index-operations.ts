import type {
  DescribeIndexRequest,
  DescribeIndexResponse,
  GetIndexingConfigurationResponse,
  GetThingConnectivityDataRequest,
  GetThingConnectivityDataResponse,
  ListIndicesRequest,
  ListIndicesResponse,
  UpdateIndexingConfigurationRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../core/api.ts';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../../core/errors.ts';
import { resourceNotFound } from '../../errors.ts';
import { anywhere, changing, type IotService, reading, resource } from '../../iot-service.ts';
import { NAME_PATTERN } from '../../limits.ts';
import { pageOf } from '../../registry/paging.ts';
import { requireName } from '../../registry/validation.ts';
import { managedThingFields, managedThingGroupFields } from '../configuration/managed-fields.ts';
import { readThingGroupIndexing, readThingIndexing } from '../configuration/read-indexing-configuration.ts';
import type { FleetIndex } from '../fleet-index.ts';
import type { IndexDependents } from '../index-dependents.ts';
import { MAX_INDICES } from '../limits.ts';

export function indexOperations(service: IotService, index: FleetIndex, dependents: IndexDependents): Operation[] {
  const indexArn = (input: { indexName: string | undefined }) => resource(service, 'index', input.indexName);
  return [
    changing<UpdateIndexingConfigurationRequest, object>(service, 'UpdateIndexingConfiguration', anywhere, (input) => {
      const { thingIndexingConfiguration: ofThings, thingGroupIndexingConfiguration: ofGroups } = input;
      const things = ofThings === undefined ? undefined : readThingIndexing(ofThings);
      const groups = ofGroups === undefined ? undefined : readThingGroupIndexing(ofGroups);
      const shadows = things?.thingIndexingMode === 'REGISTRY_AND_SHADOW' || things?.namedShadowIndexingMode === 'ON';
      if (shadows && service.context.ports.find('shadows') === undefined) {
        throw new NotImplementedError('indexing of shadows without a shadow service');
      }
      if (
        things?.deviceDefenderIndexingMode === 'VIOLATIONS' &&
        service.context.ports.find('violations') === undefined
      ) {
        throw new NotImplementedError('indexing of violations without Device Defender');
      }
      dependents.check(things ?? index.things, groups ?? index.thingGroups);
      if (things !== undefined) index.configureThings(things);
      if (groups !== undefined) index.configureThingGroups(groups);
      return {};
    }),
    reading<object, GetIndexingConfigurationResponse>('GetIndexingConfiguration', anywhere, () =>
      configurationOf(index),
    ),
    reading<DescribeIndexRequest, DescribeIndexResponse>('DescribeIndex', indexArn, ({ indexName }) => {
      requireName('indexName', indexName, NAME_PATTERN);
      const { name, schema } = index.target(indexName);
      return { indexName: name, indexStatus: 'ACTIVE', schema };
    }),
    reading<ListIndicesRequest, ListIndicesResponse>('ListIndices', anywhere, (input) => {
      new ConstraintViolations()
        .range('maxResults', input.maxResults, 1, MAX_INDICES)
        .throwIfAny('InvalidRequestException');
      const page = pageOf(index.indexNames(), { token: input.nextToken, size: input.maxResults });
      return { indexNames: [...page.keys], nextToken: page.nextToken };
    }),
    reading<GetThingConnectivityDataRequest, GetThingConnectivityDataResponse>(
      'GetThingConnectivityData',
      (input) => resource(service, 'thing', input.thingName),
      (input) => {
        requireName('thingName', input.thingName);
        if (input.includeSocketInformation === true) {
          throw new NotImplementedError('includeSocketInformation of GetThingConnectivityData');
        }
        if (index.things.thingConnectivityIndexingMode !== 'STATUS') {
          throw resourceNotFound('Thing connectivity indexing is not enabled');
        }
        const thing = service.registry.things.get(input.thingName);
        const { connected, timestamp, disconnectReason } = index.connectivity.of(thing.name);
        return {
          thingName: thing.name,
          connected,
          ...(timestamp === undefined ? {} : { timestamp: new Date(timestamp) }),
          ...(disconnectReason === undefined
            ? {}
            : { disconnectReason: disconnectReason as GetThingConnectivityDataResponse['disconnectReason'] }),
        };
      },
    ),
  ];
}

function configurationOf(index: FleetIndex): GetIndexingConfigurationResponse {
  const { namedShadowNames, customFields, ...modes } = index.things;
  const groups = index.thingGroups;
  return {
    thingIndexingConfiguration: {
      ...modes,
      ...(modes.thingIndexingMode === 'OFF'
        ? {}
        : { managedFields: [...managedThingFields(index.things)], customFields: [...customFields] }),
      ...(namedShadowNames.length === 0 ? {} : { filter: { namedShadowNames: [...namedShadowNames] } }),
    },
    thingGroupIndexingConfiguration: {
      thingGroupIndexingMode: groups.thingGroupIndexingMode,
      ...(groups.thingGroupIndexingMode === 'OFF'
        ? {}
        : { managedFields: [...managedThingGroupFields(groups)], customFields: [...groups.customFields] }),
    },
  };
}
