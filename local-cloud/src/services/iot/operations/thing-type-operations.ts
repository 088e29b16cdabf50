import type {
  CreateThingTypeRequest,
  CreateThingTypeResponse,
  DeleteThingTypeRequest,
  DeprecateThingTypeRequest,
  DescribeThingTypeRequest,
  DescribeThingTypeResponse,
  ListThingTypesRequest,
  ListThingTypesResponse,
  UpdateThingTypeRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { anywhere, changing, type IotService, reading, resource } from '../iot-service.ts';
import { pageOf } from '../registry/paging.ts';
import type { ThingTypeRecord } from '../registry/records.ts';
import { checkPageSize, readTags } from '../registry/validation.ts';

export function thingTypeOperations(service: IotService): Operation[] {
  const { thingTypes, state, tags } = service.registry;
  const typeArn = (input: { thingTypeName: string | undefined }) => resource(service, 'thingtype', input.thingTypeName);
  return [
    changing<CreateThingTypeRequest, CreateThingTypeResponse>(service, 'CreateThingType', typeArn, (input) => {
      readTags(input.tags);
      const type = thingTypes.create(input.thingTypeName, input.thingTypeProperties);
      const thingTypeArn = state.arn('thingtype', type.name);
      tags.add(thingTypeArn, input.tags);
      return { thingTypeName: type.name, thingTypeArn, thingTypeId: type.id };
    }),
    reading<DescribeThingTypeRequest, DescribeThingTypeResponse>('DescribeThingType', typeArn, (input) => {
      const type = thingTypes.get(input.thingTypeName);
      return { ...definitionOf(service, type), thingTypeId: type.id };
    }),
    reading<ListThingTypesRequest, ListThingTypesResponse>('ListThingTypes', anywhere, (input) => {
      checkPageSize('maxResults', input.maxResults);
      const only = input.thingTypeName;
      const keys = only === undefined ? state.thingTypes.sortedKeys() : state.thingTypes.has(only) ? [only] : [];
      const page = pageOf(keys, { token: input.nextToken, size: input.maxResults });
      const found = page.keys.map((name) => state.thingTypes.get(name) as ThingTypeRecord);
      return { thingTypes: found.map((type) => definitionOf(service, type)), nextToken: page.nextToken };
    }),
    changing<UpdateThingTypeRequest, object>(service, 'UpdateThingType', typeArn, (input) => {
      thingTypes.update(input.thingTypeName, input.thingTypeProperties);
      return {};
    }),
    changing<DeprecateThingTypeRequest, object>(service, 'DeprecateThingType', typeArn, (input) => {
      thingTypes.deprecate(input.thingTypeName, input.undoDeprecate === true);
      return {};
    }),
    changing<DeleteThingTypeRequest, object>(service, 'DeleteThingType', typeArn, (input) => {
      thingTypes.delete(input.thingTypeName);
      return {};
    }),
  ];
}

function definitionOf(service: IotService, type: ThingTypeRecord) {
  return {
    thingTypeName: type.name,
    thingTypeArn: resource(service, 'thingtype', type.name),
    thingTypeProperties: {
      ...(type.description === undefined ? {} : { thingTypeDescription: type.description }),
      searchableAttributes: [...type.searchableAttributes],
    },
    thingTypeMetadata: {
      deprecated: type.deprecationDate !== undefined,
      ...(type.deprecationDate === undefined ? {} : { deprecationDate: new Date(type.deprecationDate) }),
      creationDate: new Date(type.creationDate),
    },
  };
}
