import { invalidRequest } from '../errors.ts';
import { readPrincipal } from './policy-target.ts';
import type { RegistryState } from './registry-state.ts';
import type { Things } from './things.ts';
import { requireName, requireOneOf } from './validation.ts';

/** Which certificates belong to which things (developer guide, `attach-thing-principal`, `exclusive-thing`). */
export class ThingPrincipals {
  readonly #state: RegistryState;
  readonly #things: Things;

  constructor(state: RegistryState, things: Things) {
    this.#state = state;
    this.#things = things;
  }

  /**
   * An exclusive thing is the only one of its certificate; its certificate "can only be associated with other things
   * if you detach it from the exclusive thing" (`exclusive-thing`).
   */
  attach(thingName: string | undefined, principal: string | undefined, type = 'NON_EXCLUSIVE_THING'): void {
    requireName('thingName', thingName);
    requireOneOf('thingPrincipalType', type, ['EXCLUSIVE_THING', 'NON_EXCLUSIVE_THING']);
    const certificateId = readPrincipal(this.#state, principal);
    this.#things.get(thingName);
    const exclusive = type === 'EXCLUSIVE_THING';
    for (const [other, attachment] of this.#state.attachments.leftsOf(certificateId)) {
      if (other === thingName) continue;
      if (exclusive) throw invalidRequest(`The principal is already attached to thing ${other}`);
      if (attachment.exclusive) throw invalidRequest(`The principal is exclusively attached to thing ${other}`);
    }
    if (this.#state.attachments.get(thingName, certificateId)?.exclusive === exclusive) return;
    this.#state.attachments.add(thingName, certificateId, { exclusive });
    this.#state.environment.changes.certificateChanged(certificateId);
  }

  /** Detaching what is not attached is no error. */
  detach(thingName: string | undefined, principal: string | undefined): void {
    requireName('thingName', thingName);
    const certificateId = readPrincipal(this.#state, principal);
    this.#things.get(thingName);
    if (this.#state.attachments.remove(thingName, certificateId)) {
      this.#state.environment.changes.certificateChanged(certificateId);
    }
  }
}
