import type { AttributePayload } from '@aws-sdk/client-iot';
import { uuid } from '../../../core/entropy.ts';
import { invalidRequest, resourceAlreadyExists, resourceNotFound, versionConflict } from '../errors.ts';
import { MAX_ATTRIBUTES_WITH_TYPE, MAX_ATTRIBUTES_WITHOUT_TYPE } from '../limits.ts';
import { type Page, type PageRequest, pageOf } from './paging.ts';
import type { Attributes, ThingRecord } from './records.ts';
import type { RegistryState } from './registry-state.ts';
import { allowName, changedAttributes, readAttributes, requireName, sameAttributes } from './validation.ts';

export interface ThingInput {
  readonly thingName: string | undefined;
  readonly thingTypeName?: string | undefined;
  readonly attributePayload?: AttributePayload | undefined;
}

export interface ThingUpdate extends ThingInput {
  readonly expectedVersion?: number | undefined;
  readonly removeThingType?: boolean | undefined;
}

export interface ThingFilter {
  readonly attributeName?: string | undefined;
  readonly attributeValue?: string | undefined;
  readonly thingTypeName?: string | undefined;
  readonly usePrefixAttributeValue?: boolean | undefined;
}

/** Things (developer guide, `thing-registry`). */
export class Things {
  readonly #state: RegistryState;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  get(name: string): ThingRecord {
    const thing = this.#state.things.get(name);
    if (thing === undefined) throw resourceNotFound(`Thing ${name} not found.`);
    return thing;
  }

  /**
   * "If this call is made multiple times using the same thing name and configuration, the call will succeed"
   * (API CreateThing).
   */
  create(input: ThingInput): ThingRecord {
    requireName('thingName', input.thingName);
    allowName('thingTypeName', input.thingTypeName);
    const attributes = readAttributes('attributePayload.attributes', input.attributePayload);
    checkAttributeCount(attributes, input.thingTypeName);
    const existing = this.#state.things.get(input.thingName);
    if (existing !== undefined) {
      if (existing.typeName === input.thingTypeName && sameAttributes(existing.attributes, attributes)) return existing;
      throw resourceAlreadyExists(
        `Thing ${existing.name} already exists in account with different attributes`,
        this.#state.arn('thing', existing.name),
        existing.id,
      );
    }
    this.#requireUsableType(input.thingTypeName);
    const thing: ThingRecord = {
      name: input.thingName,
      id: uuid(this.#state.environment.entropy),
      ...(input.thingTypeName === undefined ? {} : { typeName: input.thingTypeName }),
      attributes,
      version: 1,
    };
    this.#state.putThing(thing);
    return thing;
  }

  update(input: ThingUpdate): ThingRecord {
    requireName('thingName', input.thingName);
    allowName('thingTypeName', input.thingTypeName);
    const thing = this.get(input.thingName);
    requireVersion(`thing ${thing.name}`, thing.version, input.expectedVersion);
    if (input.removeThingType === true && input.thingTypeName !== undefined) {
      throw invalidRequest('thingTypeName cannot be given together with removeThingType');
    }
    if (input.thingTypeName !== thing.typeName) this.#requireUsableType(input.thingTypeName);
    const typeName = input.removeThingType === true ? undefined : (input.thingTypeName ?? thing.typeName);
    const attributes = changedAttributes('attributePayload.attributes', thing.attributes, input.attributePayload);
    checkAttributeCount(attributes, typeName);
    const { typeName: _before, ...rest } = thing;
    const updated: ThingRecord = {
      ...rest,
      ...(typeName === undefined ? {} : { typeName }),
      attributes,
      version: thing.version + 1,
    };
    this.#state.putThing(updated);
    this.#state.thingChanged(thing.name);
    return updated;
  }

  /** "Returns successfully with no error if … you specify a thing that doesn't exist" (API DeleteThing). */
  delete(name: string | undefined, expectedVersion?: number): void {
    requireName('thingName', name);
    const thing = this.#state.things.get(name);
    if (thing === undefined) return;
    requireVersion(`thing ${name}`, thing.version, expectedVersion);
    if (this.#state.attachments.rightsOf(name).size > 0) {
      throw invalidRequest(`Cannot delete. Thing ${name} is still attached to one or more principals`);
    }
    for (const group of [...this.#state.memberships.rightsOf(name).keys()]) this.#state.removeMember(name, group);
    this.#state.deleteThing(thing);
  }

  list(filter: ThingFilter, page: PageRequest): Page {
    const { attributeName, attributeValue, thingTypeName } = filter;
    const ofType = thingTypeName === undefined ? undefined : this.#state.thingsOfType(thingTypeName);
    const sorted = ofType === undefined ? this.#state.things.sortedKeys() : [...ofType].sort();
    if (attributeName === undefined) return pageOf(sorted, page);
    return pageOf(sorted, page, (name) => {
      const attributes = this.#state.things.get(name)?.attributes ?? {};
      if (!Object.hasOwn(attributes, attributeName)) return false;
      const value = attributes[attributeName] as string;
      if (attributeValue === undefined) return true;
      return filter.usePrefixAttributeValue === true ? value.startsWith(attributeValue) : value === attributeValue;
    });
  }

  #requireUsableType(typeName: string | undefined): void {
    if (typeName === undefined) return;
    const type = this.#state.thingTypes.get(typeName);
    if (type === undefined) throw resourceNotFound(`Thing type ${typeName} not found.`);
    if (type.deprecationDate !== undefined) {
      throw invalidRequest(`Can not create new thing with deprecated thing type:${typeName}`);
    }
  }
}

/** "Things with a thing type can have up to 50 attributes. Things without … up to three" (`thing-types`). */
function checkAttributeCount(attributes: Attributes, typeName: string | undefined): void {
  const most = typeName === undefined ? MAX_ATTRIBUTES_WITHOUT_TYPE : MAX_ATTRIBUTES_WITH_TYPE;
  const count = Object.keys(attributes).length;
  if (count <= most) return;
  const kind = typeName === undefined ? 'without thing type' : 'with thing type';
  throw invalidRequest(`A thing ${kind} can have at most ${most} attributes, but ${count} were given`);
}

export function requireVersion(what: string, version: number, expected: number | undefined): void {
  if (expected === undefined || expected === version) return;
  throw versionConflict(`The version for ${what} does not match the expected version.`);
}
