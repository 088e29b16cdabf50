import type { ThingTypeProperties } from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { uuid } from '../../../core/entropy.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import { invalidRequest, resourceAlreadyExists, resourceNotFound } from '../errors.ts';
import {
  ATTRIBUTE_NAME_PATTERN,
  MAX_DESCRIPTION_LENGTH,
  MAX_SEARCHABLE_ATTRIBUTES,
  THING_TYPE_DELETION_WAIT,
} from '../limits.ts';
import type { ThingTypeRecord } from './records.ts';
import type { RegistryState } from './registry-state.ts';
import { allowText, requireName } from './validation.ts';

/** Thing types (developer guide, `thing-types`): of a name that never changes, deprecated before they are deleted. */
export class ThingTypes {
  readonly #state: RegistryState;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  get(name: string | undefined): ThingTypeRecord {
    requireName('thingTypeName', name);
    const type = this.#state.thingTypes.get(name);
    if (type === undefined) throw resourceNotFound(`Thing type ${name} not found.`);
    return type;
  }

  create(name: string | undefined, properties: ThingTypeProperties | undefined): ThingTypeRecord {
    requireName('thingTypeName', name);
    const { description, searchableAttributes } = readProperties(properties);
    const existing = this.#state.thingTypes.get(name);
    if (existing !== undefined) {
      const same =
        existing.description === description &&
        existing.searchableAttributes.join('\n') === searchableAttributes.join('\n');
      if (same) return existing;
      throw resourceAlreadyExists(
        `Thing type ${name} already exists in current account with different properties`,
        this.#state.arn('thingtype', name),
        existing.id,
      );
    }
    const type: ThingTypeRecord = {
      name,
      id: uuid(this.#state.environment.entropy),
      ...(description === undefined ? {} : { description }),
      searchableAttributes,
      creationDate: this.#state.now(),
    };
    this.#state.putThingType(type);
    return type;
  }

  /** The name stays; members that are not given stay, too. An empty description takes it away. */
  update(name: string | undefined, properties: ThingTypeProperties | undefined): void {
    const { description: before, ...type } = this.get(name);
    const { description = before, searchableAttributes } = readProperties(properties);
    this.#state.putThingType({
      ...type,
      ...(description === undefined || description === '' ? {} : { description }),
      ...(properties?.searchableAttributes === undefined ? {} : { searchableAttributes }),
    });
  }

  deprecate(name: string | undefined, undo: boolean): void {
    const { deprecationDate, ...type } = this.get(name);
    if (undo) this.#state.putThingType(type);
    else if (deprecationDate === undefined) {
      this.#state.putThingType({ ...type, deprecationDate: this.#state.now() });
    }
  }

  /** "You must wait five minutes after you deprecate a thing type before you can delete it." */
  delete(name: string | undefined): void {
    const type = this.get(name);
    if (type.deprecationDate === undefined) {
      throw invalidRequest(`Can not delete thing type: ${type.name}. Please deprecate the thing type first.`);
    }
    if (this.#state.now() - type.deprecationDate < THING_TYPE_DELETION_WAIT) {
      throw invalidRequest(
        `Can not delete thing type: ${type.name}. Please wait for 5 minutes after deprecation and then retry.`,
      );
    }
    this.deleteUnused(type.name);
  }

  /** Deletes a type that no thing has, without the wait that only concerns callers of the API. */
  deleteUnused(name: string): void {
    if (this.#state.thingsOfType(name).size > 0) {
      throw invalidRequest(`Can not delete thing type: ${name}. There are still things associated with it.`);
    }
    const type = this.#state.thingTypes.get(name);
    if (type !== undefined) this.#state.deleteThingType(type);
    this.#state.tags.delete(this.#state.arn('thingtype', name));
  }
}

function readProperties(properties: ThingTypeProperties | undefined): {
  description: string | undefined;
  searchableAttributes: readonly string[];
} {
  if (properties?.mqtt5Configuration !== undefined) {
    throw new NotImplementedError('mqtt5Configuration of a thing type');
  }
  const description = properties?.thingTypeDescription;
  const searchableAttributes = properties?.searchableAttributes ?? [];
  allowText('thingTypeProperties.thingTypeDescription', description, MAX_DESCRIPTION_LENGTH);
  const path = 'thingTypeProperties.searchableAttributes';
  const violations = new ConstraintViolations().length(path, searchableAttributes, 0, MAX_SEARCHABLE_ATTRIBUTES);
  for (const attribute of searchableAttributes) violations.pattern(path, attribute, ATTRIBUTE_NAME_PATTERN);
  violations.throwIfAny('InvalidRequestException');
  return { description, searchableAttributes };
}
