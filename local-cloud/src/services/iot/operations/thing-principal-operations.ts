import type {
  AttachThingPrincipalRequest,
  DetachThingPrincipalRequest,
  ListPrincipalThingsRequest,
  ListPrincipalThingsResponse,
  ListPrincipalThingsV2Request,
  ListPrincipalThingsV2Response,
  ListThingPrincipalsRequest,
  ListThingPrincipalsResponse,
  ListThingPrincipalsV2Request,
  ListThingPrincipalsV2Response,
  ThingPrincipalType,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { anywhere, changing, type IotService, reading, resource } from '../iot-service.ts';
import { pageOf } from '../registry/paging.ts';
import { readPrincipal } from '../registry/policy-target.ts';
import type { PrincipalAttachment } from '../registry/records.ts';
import { checkPageSize, requireName } from '../registry/validation.ts';

/**
 * AttachThingPrincipal, DetachThingPrincipal and ListPrincipalThings have no resource types (Service Authorization
 * Reference, AWS IoT), so a policy must allow them on `*`.
 */
export function thingPrincipalOperations(service: IotService): Operation[] {
  const { thingPrincipals, things, state } = service.registry;
  const thingArn = (input: { thingName: string | undefined }) => resource(service, 'thing', input.thingName);

  function principalsOf(input: ListThingPrincipalsV2Request) {
    requireName('thingName', input.thingName);
    checkPageSize('maxResults', input.maxResults);
    const attached = ofType(state.attachments.rightsOf(things.get(input.thingName).name), input.thingPrincipalType);
    const page = pageOf([...attached.keys()].sort(), { token: input.nextToken, size: input.maxResults });
    const found = page.keys.map((id) => ({ principal: state.arn('cert', id), type: typeOf(attached.get(id)) }));
    return { found, nextToken: page.nextToken };
  }

  function thingsOf(input: ListPrincipalThingsV2Request) {
    checkPageSize('maxResults', input.maxResults);
    const certificateId = readPrincipal(service.registry.state, input.principal);
    const attached = ofType(state.attachments.leftsOf(certificateId), input.thingPrincipalType);
    const page = pageOf([...attached.keys()].sort(), { token: input.nextToken, size: input.maxResults });
    const found = page.keys.map((name) => ({ name, type: typeOf(attached.get(name)) }));
    return { found, nextToken: page.nextToken };
  }

  return [
    changing<AttachThingPrincipalRequest, object>(service, 'AttachThingPrincipal', anywhere, (input) => {
      thingPrincipals.attach(input.thingName, input.principal, input.thingPrincipalType);
      return {};
    }),
    changing<DetachThingPrincipalRequest, object>(service, 'DetachThingPrincipal', anywhere, (input) => {
      thingPrincipals.detach(input.thingName, input.principal);
      return {};
    }),
    reading<ListThingPrincipalsRequest, ListThingPrincipalsResponse>('ListThingPrincipals', thingArn, (input) => {
      const { found, nextToken } = principalsOf(input);
      return { principals: found.map(({ principal }) => principal), nextToken };
    }),
    reading<ListThingPrincipalsV2Request, ListThingPrincipalsV2Response>('ListThingPrincipalsV2', thingArn, (input) => {
      const { found, nextToken } = principalsOf(input);
      return {
        thingPrincipalObjects: found.map(({ principal, type }) => ({ principal, thingPrincipalType: type })),
        nextToken,
      };
    }),
    reading<ListPrincipalThingsRequest, ListPrincipalThingsResponse>('ListPrincipalThings', anywhere, (input) => {
      const { found, nextToken } = thingsOf(input);
      return { things: found.map(({ name }) => name), nextToken };
    }),
    reading<ListPrincipalThingsV2Request, ListPrincipalThingsV2Response>('ListPrincipalThingsV2', anywhere, (input) => {
      const { found, nextToken } = thingsOf(input);
      return {
        principalThingObjects: found.map(({ name, type }) => ({ thingName: name, thingPrincipalType: type })),
        nextToken,
      };
    }),
  ];
}

function typeOf(attachment: PrincipalAttachment | undefined): ThingPrincipalType {
  return attachment?.exclusive === true ? 'EXCLUSIVE_THING' : 'NON_EXCLUSIVE_THING';
}

function ofType(
  attached: ReadonlyMap<string, PrincipalAttachment>,
  type: ThingPrincipalType | undefined,
): ReadonlyMap<string, PrincipalAttachment> {
  if (type === undefined) return attached;
  return new Map([...attached].filter(([, attachment]) => typeOf(attachment) === type));
}
