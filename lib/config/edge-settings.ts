import { topicLevelSchema } from '@fleetwright/contracts';
import { z } from 'zod';
import { isObject, type Json } from './merge-settings.ts';

/** A folder of `greengrass-components/`. */
const folder = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits or hyphens, beginning with a letter');

/** Names of AWS' public components (`aws.greengrass.ShadowManager`). */
const publicName = z.string().regex(/^aws\.greengrass\.[A-Za-z0-9.]{1,100}$/, 'must be aws.greengrass.<name>');

/** A version of a component is written whole (Greengrass developer guide, "recipe reference": semantic versions). */
const version = z.string().regex(/^\d+\.\d+\.\d+$/, 'must be a version such as 1.0.0');

/**
 * A change of a component's configuration (Greengrass developer guide, "Update component configurations"): the core resets
 * first, then merges. JSON pointers; `''` is the whole.
 */
const updateShape = {
  merge: z.record(z.string(), z.json()).optional(),
  reset: z
    .array(z.string().regex(/^(\/.{0,255})?$/s, 'must be a JSON pointer: empty, or beginning with a slash'))
    .optional(),
};

const componentSchema = z.strictObject({
  /** `false`: cores do not run it. */
  enabled: z.boolean().optional(),
  /** An earlier version than the one that is built; it must still be there. */
  version: version.optional(),
  ...updateShape,
});

const publicComponentSchema = z.strictObject({ version, ...updateShape });

const componentsSchema = z.record(folder, componentSchema).default({});

/** Greengrass API reference, IoTJobExecutionsRolloutConfig and IoTJobAbortCriteria. */
const rolloutSchema = z.strictObject({
  /** Cores that are told in a minute. */
  maximumPerMinute: z.int().min(1).max(1_000).default(100),
  /** Begins slowly; without it the maximum is the rate from the beginning. */
  exponential: z
    .strictObject({
      basePerMinute: z.int().min(1).max(1_000),
      /** By what the rate grows. */
      factor: z.number().min(1).max(5).default(2),
      /** … each time so many cores … */
      cores: z.int().min(1),
      /** … have been told, or have succeeded. */
      counts: z.enum(['notified', 'succeeded']).default('succeeded'),
    })
    .optional(),
  /** Ends the deployment for cores that have not begun it; `null`: never. */
  abort: z
    .strictObject({
      of: z.enum(['FAILED', 'REJECTED', 'TIMED_OUT', 'ALL']).default('ALL'),
      percent: z.number().min(0.01).max(100).default(20),
      minimumEnded: z.int().min(1).default(3),
    })
    .nullable()
    .prefault({}),
  /** A core that has not ended by then has failed. */
  inProgressMinutes: z.int().min(1).max(10_080).default(60),
});

/** Greengrass API reference, DeploymentPolicies. */
const policiesSchema = z.strictObject({
  failureHandling: z.enum(['ROLLBACK', 'DO_NOTHING']).default('ROLLBACK'),
  /** Components are asked before they are stopped, and may ask for time; `false`: they are not. */
  notify: z.boolean().default(true),
  notifySeconds: z.int().min(1).max(86_400).default(60),
  /** How long components may take to say whether a configuration is good. */
  validationSeconds: z.int().min(1).max(86_400).default(60),
});

const groupSchema = z.strictObject({
  /** Whose cores may be in it. Default: the site of the group's own name. */
  site: topicLevelSchema.optional(),
  /** Over what all cores run. */
  components: componentsSchema,
});

/** Settings of the edge stack. */
export const edgeSchema = z
  .strictObject({
    /** `-c edge=true` for one synthesis. */
    enabled: z.boolean().default(false),
    /** Device type of cores; one of the stage's as soon as the edge is enabled. */
    deviceType: topicLevelSchema.default('edge-core'),
    /** Of all cores, by folder of `greengrass-components/`. All that are built run, but those that are not enabled. */
    components: componentsSchema,
    /** Components of AWS that cores run besides; `null` takes away what the defaults have. */
    publicComponents: z.preprocess(withoutNulls, z.record(publicName, publicComponentSchema)).default({}),
    /** Each site has a group of its name; further ones share a site (docs/deploying.md, "Edge"). */
    groups: z.record(topicLevelSchema, groupSchema).default({}),
    rollout: rolloutSchema.prefault({}),
    policies: policiesSchema.prefault({}),
    /** Life of the credentials that cores get. */
    credentialSeconds: z.int().min(900).max(43_200).default(3_600),
  })
  .refine(({ rollout: { exponential, maximumPerMinute } }) => (exponential?.basePerMinute ?? 0) <= maximumPerMinute, {
    path: ['rollout', 'exponential', 'basePerMinute'],
    message: 'must be at most edge.rollout.maximumPerMinute',
  });

export type EdgeSettings = z.infer<typeof edgeSchema>;
export type EdgeComponentSettings = z.infer<typeof componentSchema>;

function withoutNulls(value: unknown): unknown {
  return isObject(value) ? Object.fromEntries(Object.entries(value).filter(([, own]) => own !== null)) : value;
}

/** The settings of a stage, not yet checked, with the type of cores among its device types when it has an edge. */
export function withCoreType(settings: Json): Json {
  const { edge, provisioning } = settings;
  if (!isObject(edge) || edge.enabled !== true || !isObject(provisioning)) return settings;
  const { deviceTypes } = provisioning;
  const type = edge.deviceType ?? edgeSchema.parse({}).deviceType;
  if (!Array.isArray(deviceTypes) || typeof type !== 'string' || deviceTypes.includes(type)) return settings;
  return { ...settings, provisioning: { ...provisioning, deviceTypes: [...deviceTypes, type] } };
}

export interface CoreGroup {
  readonly name: string;
  readonly site: string;
  readonly components: Readonly<Record<string, EdgeComponentSettings>>;
}

/** Groups of cores: one for each site, and what the settings have besides. */
export function coreGroups(edge: EdgeSettings, sites: readonly string[]): CoreGroup[] {
  const own = sites.map((site) => ({ name: site, site, components: edge.groups[site]?.components ?? {} }));
  const further = Object.entries(edge.groups).filter(([group]) => !sites.includes(group));
  return [...own, ...further.map(([group, { components, site = group }]) => ({ name: group, site, components }))];
}

export interface MistakenGroup {
  readonly path: readonly string[];
  readonly message: string;
  readonly value: unknown;
}

/** Groups at sites that the stage does not have. Works on settings that may be partly invalid. */
export function mistakenGroups(settings: Json): MistakenGroup[] {
  const groups = isObject(settings.edge) ? settings.edge.groups : undefined;
  const sites = isObject(settings.provisioning) ? settings.provisioning.sites : undefined;
  if (!isObject(groups) || !Array.isArray(sites)) return [];
  return Object.entries(groups).flatMap(([group, own]) => {
    const named = isObject(own) ? own.site : undefined;
    const site = named ?? group;
    if (!sites.includes(site)) {
      const path = ['edge', 'groups', group, ...(named === undefined ? [] : ['site'])];
      const message = `must be at one of provisioning.sites (${sites.join(', ')})`;
      return [{ path, message, value: site }];
    }
    if (sites.includes(group) && site !== group) {
      const message = `must be ${group}: a group that is named as a site is of that site`;
      return [{ path: ['edge', 'groups', group, 'site'], message, value: site }];
    }
    return [];
  });
}
