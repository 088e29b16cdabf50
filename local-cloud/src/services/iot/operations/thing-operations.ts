import type {
  CreateThingRequest,
  CreateThingResponse,
  DeleteThingRequest,
  DescribeThingRequest,
  DescribeThingResponse,
  ListThingsRequest,
  ListThingsResponse,
  UpdateThingRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { anywhere, changing, type IotService, reading, resource } from '../iot-service.ts';
import type { ThingRecord } from '../registry/records.ts';
import { checkPageSize, requireName } from '../registry/validation.ts';

export function thingOperations(service: IotService): Operation[] {
  const { billingGroups, things, state } = service.registry;
  const thingArn = (input: { thingName: string | undefined }) => resource(service, 'thing', input.thingName);
  return [
    changing<CreateThingRequest, CreateThingResponse>(service, 'CreateThing', thingArn, (input) => {
      const group = input.billingGroupName === undefined ? undefined : billingGroups.get(input.billingGroupName);
      const thing = things.create(input);
      if (group !== undefined) billingGroups.addThing(group.name, thing.name);
      return { thingName: thing.name, thingArn: state.arn('thing', thing.name), thingId: thing.id };
    }),
    reading<DescribeThingRequest, DescribeThingResponse>('DescribeThing', thingArn, (input) => {
      requireName('thingName', input.thingName);
      const thing = things.get(input.thingName);
      const billingGroupName = billingGroups.groupOf(thing.name);
      return {
        ...summaryOf(service, thing),
        defaultClientId: thing.name,
        thingId: thing.id,
        ...(billingGroupName === undefined ? {} : { billingGroupName }),
      };
    }),
    changing<UpdateThingRequest, object>(service, 'UpdateThing', thingArn, (input) => {
      things.update(input);
      return {};
    }),
    changing<DeleteThingRequest, object>(service, 'DeleteThing', thingArn, (input) => {
      things.delete(input.thingName, input.expectedVersion);
      return {};
    }),
    reading<ListThingsRequest, ListThingsResponse>('ListThings', anywhere, (input) => {
      checkPageSize('maxResults', input.maxResults);
      const page = things.list(input, { token: input.nextToken, size: input.maxResults });
      return {
        things: page.keys.map((name) => summaryOf(service, state.things.get(name) as ThingRecord)),
        nextToken: page.nextToken,
      };
    }),
  ];
}

function summaryOf(service: IotService, thing: ThingRecord) {
  return {
    thingName: thing.name,
    thingArn: resource(service, 'thing', thing.name),
    ...(thing.typeName === undefined ? {} : { thingTypeName: thing.typeName }),
    attributes: { ...thing.attributes },
    version: thing.version,
  };
}
