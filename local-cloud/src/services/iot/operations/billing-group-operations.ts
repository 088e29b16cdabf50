import type {
  AddThingToBillingGroupRequest,
  CreateBillingGroupRequest,
  CreateBillingGroupResponse,
  DeleteBillingGroupRequest,
  DescribeBillingGroupRequest,
  DescribeBillingGroupResponse,
  ListBillingGroupsRequest,
  ListBillingGroupsResponse,
  ListThingsInBillingGroupRequest,
  ListThingsInBillingGroupResponse,
  RemoveThingFromBillingGroupRequest,
  UpdateBillingGroupRequest,
  UpdateBillingGroupResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { anywhere, changing, type IotService, reading, resource } from '../iot-service.ts';
import { pageOf } from '../registry/paging.ts';
import { checkPageSize, readTags } from '../registry/validation.ts';
import { namedResource } from './named-resource.ts';

type Membership = AddThingToBillingGroupRequest & RemoveThingFromBillingGroupRequest;

export function billingGroupOperations(service: IotService): Operation[] {
  const { billingGroups, things, state, tags } = service.registry;
  const groupArn = (input: { billingGroupName?: string | undefined }) =>
    resource(service, 'billinggroup', input.billingGroupName);
  const bothArns = (input: Membership) => [
    input.billingGroupArn ?? groupArn(input),
    input.thingArn ?? resource(service, 'thing', input.thingName),
  ];
  const readMembership = (input: Membership) => {
    const thing = namedResource(service, 'thing', input.thingName, input.thingArn);
    const group = namedResource(service, 'billinggroup', input.billingGroupName, input.billingGroupArn);
    return { thing: things.get(thing).name, group: billingGroups.get(group).name };
  };
  return [
    changing<CreateBillingGroupRequest, CreateBillingGroupResponse>(
      service,
      'CreateBillingGroup',
      groupArn,
      (input) => {
        readTags(input.tags);
        const group = billingGroups.create(input.billingGroupName, input.billingGroupProperties);
        const billingGroupArn = state.arn('billinggroup', group.name);
        tags.add(billingGroupArn, input.tags);
        return { billingGroupName: group.name, billingGroupArn, billingGroupId: group.id };
      },
    ),
    reading<DescribeBillingGroupRequest, DescribeBillingGroupResponse>('DescribeBillingGroup', groupArn, (input) => {
      const group = billingGroups.get(input.billingGroupName);
      return {
        billingGroupName: group.name,
        billingGroupId: group.id,
        billingGroupArn: state.arn('billinggroup', group.name),
        version: group.version,
        billingGroupProperties: group.description === undefined ? {} : { billingGroupDescription: group.description },
        billingGroupMetadata: { creationDate: new Date(group.creationDate) },
      };
    }),
    changing<UpdateBillingGroupRequest, UpdateBillingGroupResponse>(
      service,
      'UpdateBillingGroup',
      groupArn,
      (input) => {
        const { version } = billingGroups.update(
          input.billingGroupName,
          input.billingGroupProperties,
          input.expectedVersion,
        );
        return { version };
      },
    ),
    changing<DeleteBillingGroupRequest, object>(service, 'DeleteBillingGroup', groupArn, (input) => {
      billingGroups.delete(input.billingGroupName, input.expectedVersion);
      return {};
    }),
    reading<ListBillingGroupsRequest, ListBillingGroupsResponse>('ListBillingGroups', anywhere, (input) => {
      checkPageSize('maxResults', input.maxResults);
      const prefix = input.namePrefixFilter ?? '';
      const page = pageOf(
        state.billingGroups.sortedKeys(),
        { token: input.nextToken, size: input.maxResults },
        (name) => name.startsWith(prefix),
      );
      return {
        billingGroups: page.keys.map((groupName) => ({ groupName, groupArn: state.arn('billinggroup', groupName) })),
        nextToken: page.nextToken,
      };
    }),
    changing<AddThingToBillingGroupRequest, object>(service, 'AddThingToBillingGroup', bothArns, (input) => {
      const { thing, group } = readMembership(input);
      billingGroups.addThing(group, thing);
      return {};
    }),
    changing<RemoveThingFromBillingGroupRequest, object>(service, 'RemoveThingFromBillingGroup', bothArns, (input) => {
      const { thing, group } = readMembership(input);
      billingGroups.removeThing(group, thing);
      return {};
    }),
    reading<ListThingsInBillingGroupRequest, ListThingsInBillingGroupResponse>(
      'ListThingsInBillingGroup',
      groupArn,
      (input) => {
        checkPageSize('maxResults', input.maxResults);
        const members = [...state.billing.leftsOf(billingGroups.get(input.billingGroupName).name).keys()].sort();
        const page = pageOf(members, { token: input.nextToken, size: input.maxResults });
        return { things: [...page.keys], nextToken: page.nextToken };
      },
    ),
  ];
}
