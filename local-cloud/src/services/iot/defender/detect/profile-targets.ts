import { arn } from '../../../../core/account.ts';
import { iotResourceName } from '../../arns.ts';
import { invalidRequest, limitExceeded, resourceNotFound } from '../../errors.ts';
import type { IotService } from '../../iot-service.ts';
import { Relation } from '../../registry/relation.ts';
import { requireText } from '../../registry/validation.ts';
import { MAX_PROFILES_PER_TARGET } from '../limits.ts';

/** Targets besides thing groups (developer guide, `device-defender-detect`, "Monitoring … unregistered devices"). */
const FLEETS = ['all/things', 'all/registered-things', 'all/unregistered-things'] as const;

/** Which devices a security profile is for. */
export class ProfileTargets {
  /** profile name – ARN of a thing group or of a fleet */
  readonly #attached: Relation<true>;
  readonly #service: IotService;

  constructor(service: IotService) {
    this.#attached = new Relation(service.context.store, 'iot/securityProfileTargets');
    this.#service = service;
  }

  attach(profileName: string, target: string | undefined): void {
    const targetArn = this.read(target);
    if (this.#attached.has(profileName, targetArn)) return;
    if (this.#attached.leftsOf(targetArn).size >= MAX_PROFILES_PER_TARGET) {
      throw limitExceeded(`${targetArn} already has the maximum of ${MAX_PROFILES_PER_TARGET} security profiles`);
    }
    this.#attached.add(profileName, targetArn, true);
  }

  /** Detaching what is not attached is no error. */
  detach(profileName: string, target: string | undefined): void {
    this.#attached.remove(profileName, this.read(target));
  }

  detachAll(profileName: string): void {
    for (const target of this.targetsOf(profileName)) this.#attached.remove(profileName, target);
  }

  targetsOf(profileName: string): string[] {
    return [...this.#attached.rightsOf(profileName).keys()].sort();
  }

  /** Pairs of profile and target; `recursive` adds those of the group's ancestors. */
  profilesFor(target: string | undefined, recursive: boolean): { profileName: string; targetArn: string }[] {
    const targetArn = this.read(target);
    const group = this.#groupOf(targetArn);
    const targets =
      recursive && group !== undefined
        ? [...this.#service.registry.state.groupAndAncestors(group)].map(({ name }) => this.#groupArn(name))
        : [targetArn];
    return targets.flatMap((arnOfTarget) =>
      [...this.#attached.leftsOf(arnOfTarget).keys()].sort().map((profileName) => ({
        profileName,
        targetArn: arnOfTarget,
      })),
    );
  }

  /** Profiles that apply to a device: registered ones by their groups too. */
  profilesOf(thingName: string): Set<string> {
    const { state } = this.#service.registry;
    const registered = state.things.has(thingName);
    const targets = [this.#fleetArn('all/things')];
    targets.push(this.#fleetArn(registered ? 'all/registered-things' : 'all/unregistered-things'));
    for (const groupName of state.memberships.rightsOf(thingName).keys()) {
      for (const { name } of state.groupAndAncestors(groupName)) targets.push(this.#groupArn(name));
    }
    return new Set(targets.flatMap((target) => [...this.#attached.leftsOf(target).keys()]));
  }

  forgetGroup(groupName: string): void {
    const target = this.#groupArn(groupName);
    for (const profileName of [...this.#attached.leftsOf(target).keys()]) this.#attached.remove(profileName, target);
  }

  /** @throws AwsError InvalidRequestException for what is no target, ResourceNotFoundException for a group that is not there */
  read(target: string | undefined): string {
    requireText('securityProfileTargetArn', target, 1, 2048);
    if (FLEETS.some((fleet) => this.#fleetArn(fleet) === target)) return target;
    const group = this.#groupOf(target);
    if (group === undefined) throw invalidRequest(`Invalid security profile target: ${target}`);
    if (!this.#service.registry.state.thingGroups.has(group)) {
      throw resourceNotFound(`Thing group ${group} not found.`);
    }
    return target;
  }

  #groupOf(target: string): string | undefined {
    return iotResourceName(this.#service.context.account, 'thinggroup', target);
  }

  #groupArn(name: string): string {
    return this.#service.registry.state.arn('thinggroup', name);
  }

  #fleetArn(fleet: (typeof FLEETS)[number]): string {
    return arn(this.#service.context.account, 'iot', fleet);
  }
}
