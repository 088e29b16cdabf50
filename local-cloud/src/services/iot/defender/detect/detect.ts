import type { Timer } from '../../../../core/clock.ts';
import { messageOf } from '../../../../core/errors.ts';
import type { IotService } from '../../iot-service.ts';
import type { ActivityRecorder } from '../device-activity.ts';
import { DAY, WINDOW } from '../limits.ts';
import { type TaggedResource, taggedResource } from '../tagged-resource.ts';
import { type TopicScope, topicScope } from './activity-windows.ts';
import { Alarms } from './alarms.ts';
import { sendAlert } from './alert.ts';
import type { BehaviorNames } from './behavior-validation.ts';
import { CustomMetrics } from './custom-metrics.ts';
import type { SecurityProfileRecord } from './detect-records.ts';
import { Detector, retained } from './detector.ts';
import { Dimensions } from './dimensions.ts';
import { MetricHistory } from './metric-history.ts';
import { parseMetricKey } from './metric-key.ts';
import { ProfileTargets } from './profile-targets.ts';
import { SecurityProfiles } from './security-profiles.ts';
import { filterMatches } from './topic-filter.ts';

/** Detect of one account (developer guide, `device-defender-detect`). */
export class Detect {
  readonly service: IotService;
  readonly customMetrics: CustomMetrics;
  readonly dimensions: Dimensions;
  readonly profiles: SecurityProfiles;
  readonly targets: ProfileTargets;
  readonly history: MetricHistory;
  readonly alarms: Alarms;
  readonly detector: Detector;
  readonly names: BehaviorNames;
  readonly tags: Readonly<Record<'profile' | 'customMetric' | 'dimension', TaggedResource>>;
  readonly #recorder: ActivityRecorder;
  readonly #alerts = new Set<Promise<void>>();
  #timer: Timer | undefined;
  #started = false;

  constructor(service: IotService, recorder: ActivityRecorder) {
    const { context, registry } = service;
    this.service = service;
    this.#recorder = recorder;
    this.customMetrics = new CustomMetrics(context, (name) => this.tags.customMetric.arn(name));
    this.dimensions = new Dimensions(context, (name) => this.tags.dimension.arn(name));
    this.names = {
      customType: (name) => this.customMetrics.table.get(name)?.type,
      hasDimension: (name) => this.dimensions.table.has(name),
    };
    this.profiles = new SecurityProfiles(context, this.names, (name) => this.tags.profile.arn(name));
    this.targets = new ProfileTargets(service);
    this.history = new MetricHistory(context.store);
    this.alarms = new Alarms(context, (event) => {
      const alert = sendAlert(context, this.profiles.table.get(event.profileName)?.alertTarget, event);
      this.#alerts.add(alert);
      void alert.finally(() => this.#alerts.delete(alert));
    });
    this.detector = new Detector({
      history: this.history,
      alarms: this.alarms,
      customType: this.names.customType,
      profilesOf: (thingName) => this.#profilesOf(thingName),
    });
    this.tags = {
      profile: taggedResource(service, 'securityprofile', (name) => this.profiles.table.has(name)),
      customMetric: taggedResource(service, 'custommetric', (name) => this.customMetrics.table.has(name)),
      dimension: taggedResource(service, 'dimension', (name) => this.dimensions.table.has(name)),
    };
    registry.state.events.onChange((change) => {
      if (change.kind !== 'group-deleted') return;
      this.targets.forgetGroup(change.group.name);
      this.changed();
    });
  }

  start(): void {
    this.#started = true;
    this.changed();
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    await Promise.all(this.#alerts);
  }

  /** Profiles, dimensions or targets have changed: devices are recorded while a profile is for some of them. */
  changed(): void {
    this.alarms.drop(({ profileName, behavior, thingName }) => {
      const profile = this.#profilesOf(thingName).find(({ name }) => name === profileName);
      return !(profile?.behaviors ?? []).some((current) => sameBehavior(current, behavior));
    });
    const attached = [...this.profiles.table.values()].filter(({ name }) => this.targets.targetsOf(name).length > 0);
    if (!this.#started || attached.length === 0) {
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#recorder.pause();
      return;
    }
    this.#recorder.record(this.#scopesOf(attached));
    this.#timer ??= this.#nextWindow();
  }

  #nextWindow(): Timer {
    const { clock, log } = this.service.context;
    return clock.after(WINDOW - (clock.now() % WINDOW), () => {
      this.#timer = this.#nextWindow();
      try {
        this.#windowEnded(clock.now());
      } catch (error) {
        log('error', 'behaviors of devices could not be evaluated', { error: messageOf(error) });
      }
    });
  }

  #windowEnded(now: number): void {
    this.detector.windowEnded(now, this.#recorder.windows());
    this.#recorder.turn();
    if (now % DAY < WINDOW) {
      this.history.forgetBefore(now);
      this.alarms.forgetBefore(now);
    }
  }

  #profilesOf(thingName: string): SecurityProfileRecord[] {
    return [...this.targets.profilesOf(thingName)].flatMap((name) => this.profiles.table.get(name) ?? []);
  }

  /** One for each dimension and operator in use. */
  #scopesOf(profiles: readonly SecurityProfileRecord[]): TopicScope[] {
    const scopes = new Map<string, TopicScope>();
    for (const key of retained(profiles)) {
      const { metric, dimensionName, excludes } = parseMetricKey(key);
      const filters = dimensionName === undefined ? undefined : this.dimensions.table.get(dimensionName)?.stringValues;
      if (filters === undefined) continue;
      const end = key.slice(metric.length);
      const matches = (topic: string): boolean => filters.some((filter) => filterMatches(filter, topic)) !== excludes;
      scopes.set(end, topicScope(end, matches));
    }
    return [...scopes.values()];
  }
}

function sameBehavior(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
