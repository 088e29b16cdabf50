/**
 * Operations of the data plane that core devices call and the SDK's client does not have, in the form of its schemas. Path and
 * members: nucleus, `ThingGroupHelper.java`, and nucleus lite, `deployment_handler.c`.
 */
const NAMESPACE = 'com.amazonaws.greengrassv2.data';
/** Kinds of static schemas (`@smithy/core/schema`): list, structure, operation. */
const [LIST, STRUCTURE, OPERATION] = [1, 3, 9] as const;
const STRING = 0;

const ThingGroup = [
  STRUCTURE,
  NAMESPACE,
  'ThingGroup',
  0,
  ['thingGroupName', 'thingGroupArn', 'rootToParentThingGroups'],
  [STRING, STRING, () => ParentThingGroups],
] as const;
const ParentThingGroup = [
  STRUCTURE,
  NAMESPACE,
  'ParentThingGroup',
  0,
  ['thingGroupName', 'thingGroupArn'],
  [STRING, STRING],
] as const;
const ParentThingGroups = [LIST, NAMESPACE, 'ParentThingGroupList', 0, () => ParentThingGroup] as const;
const ThingGroups = [LIST, NAMESPACE, 'ThingGroupList', 0, () => ThingGroup] as const;

const Request = [
  STRUCTURE,
  NAMESPACE,
  'ListThingGroupsForCoreDeviceRequest',
  0,
  ['coreDeviceThingName', 'nextToken'],
  [
    [STRING, 1],
    [STRING, { httpQuery: 'nextToken' }],
  ],
  1,
] as const;
const Response = [
  STRUCTURE,
  NAMESPACE,
  'ListThingGroupsForCoreDeviceResponse',
  0,
  ['thingGroups', 'nextToken'],
  [() => ThingGroups, STRING],
] as const;

export const ListThingGroupsForCoreDevice$ = [
  OPERATION,
  NAMESPACE,
  'ListThingGroupsForCoreDevice',
  { http: ['GET', '/greengrass/v2/coreDevices/{coreDeviceThingName}/thingGroups', 200] },
  () => Request,
  () => Response,
] as const;

export interface ListThingGroupsForCoreDeviceRequest {
  readonly coreDeviceThingName: string;
  readonly nextToken?: string;
}

export interface ListThingGroupsForCoreDeviceResponse {
  readonly thingGroups: readonly {
    readonly thingGroupName: string;
    readonly thingGroupArn: string;
    /** Ancestors, the root first. */
    readonly rootToParentThingGroups: readonly { readonly thingGroupName: string; readonly thingGroupArn: string }[];
  }[];
  readonly nextToken?: string;
}
