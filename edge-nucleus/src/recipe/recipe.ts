import { parse, YAMLParseError } from 'yaml';
import * as z from 'zod';
import { NucleusError } from '../nucleus-error.ts';

/** Component recipes of format 2020-01-25 (developer guide, "AWS IoT Greengrass component recipe reference"). */

const environment = z.record(z.string().regex(/^[A-Za-z_]\w*$/, 'must be the name of a variable'), z.coerce.string());

/** Defaults of `Timeout`, seconds. `Run` has none. */
const TIMEOUTS = { Install: 120, Startup: 120, Shutdown: 15, Recover: 60 } as const;

function step(timeout: number | undefined) {
  const full = z.strictObject({
    Script: z.string().min(1),
    RequiresPrivilege: z.boolean().default(false),
    Skipif: z
      .string()
      .regex(/^(?:onpath|exists) \S.*$/, 'must be `onpath <runnable>` or `exists <file>`')
      .optional(),
    Timeout: timeout === undefined ? z.undefined() : z.coerce.number().int().positive().default(timeout),
    Setenv: environment.default({}),
  });
  return z.preprocess((value) => (typeof value === 'string' ? { Script: value } : value), full);
}

const runStep = z.preprocess(
  (value) => (typeof value === 'string' ? { Script: value } : value),
  z.strictObject({
    Script: z.string().min(1),
    RequiresPrivilege: z.boolean().default(false),
    Skipif: z.string().optional(),
    Timeout: z.coerce.number().int().positive().optional(),
    Setenv: environment.default({}),
  }),
);

const LIFECYCLE_KEYS = ['Setenv', 'Install', 'Run', 'Startup', 'Shutdown', 'Recover'] as const;

/**
 * The guide's recipes write `Run`, nucleus lite wants `run` ("Types of recipes supported by Greengrass nucleus lite"), and the nucleus
 * takes either.
 */
function inGuidesCase(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const named = Object.entries(value).map(([key, step]) => [
    LIFECYCLE_KEYS.find((known) => known.toLowerCase() === key) ?? key,
    step,
  ]);
  return Object.fromEntries(named);
}

/** Without selection keys, which are refused by name as any other key that is not known. */
const lifecycleSteps = z
  .strictObject({
    Setenv: environment.default({}),
    Install: step(TIMEOUTS.Install).optional(),
    Run: runStep.optional(),
    Startup: step(TIMEOUTS.Startup).optional(),
    Shutdown: step(TIMEOUTS.Shutdown).optional(),
    Recover: step(TIMEOUTS.Recover).optional(),
  })
  .refine(({ Run, Startup }) => Run === undefined || Startup === undefined, {
    message: 'can have Startup or Run, not both',
  });
const lifecycle = z.preprocess(inGuidesCase, lifecycleSteps);

const permission = z.enum(['NONE', 'OWNER', 'ALL']);

const artifact = z.strictObject({
  URI: z.string().regex(/^[a-z][a-z0-9+.-]*:\/\/.+\/[^/]+$/, 'must be a URI that ends in a file name'),
  Unarchive: z.enum(['NONE', 'ZIP']).default('NONE'),
  Permission: z.strictObject({ Read: permission.default('OWNER'), Execute: permission.default('NONE') }).optional(),
  Digest: z.string().optional(),
  Algorithm: z.literal('SHA-256').optional(),
});

const manifest = z.strictObject({
  Name: z.string().optional(),
  Platform: z.record(z.string(), z.string()).optional(),
  Lifecycle: lifecycle.optional(),
  Artifacts: z.array(artifact).default([]),
});

const version = z
  .string()
  .regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/, 'must be a semantic version');

const recipeSchema = z.strictObject({
  RecipeFormatVersion: z.literal('2020-01-25'),
  ComponentName: z.string().regex(/^[\w.-]{1,128}$/, 'must be 1 to 128 letters, digits, dots, underscores or hyphens'),
  ComponentVersion: version,
  ComponentDescription: z.string().optional(),
  ComponentPublisher: z.string().optional(),
  ComponentType: z.literal('aws.greengrass.generic').optional(),
  ComponentConfiguration: z
    .strictObject({ DefaultConfiguration: z.record(z.string(), z.json()).default({}) })
    .default({ DefaultConfiguration: {} }),
  ComponentDependencies: z
    .record(
      z.string(),
      z.strictObject({
        VersionRequirement: z.string().min(1),
        DependencyType: z.enum(['SOFT', 'HARD']).default('HARD'),
      }),
    )
    .default({}),
  Manifests: z.array(manifest).min(1),
  Lifecycle: lifecycle.optional(),
});

export type Recipe = z.infer<typeof recipeSchema>;
export type Manifest = z.infer<typeof manifest>;
export type Lifecycle = z.infer<typeof lifecycle>;
export type Artifact = z.infer<typeof artifact>;
export type LifecycleStep = NonNullable<Lifecycle['Install' | 'Run']>;

/** @param text YAML or JSON @param place where it was read, for the message @throws NucleusError `RECIPE_INVALID`, all problems at once */
export function readRecipe(text: string, place: string): Recipe {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    const reason = error instanceof YAMLParseError ? error.message : String(error);
    throw new NucleusError('RECIPE_INVALID', `${place} is no YAML: ${reason}`, { cause: error });
  }
  const read = recipeSchema.safeParse(value);
  if (read.success) return read.data;
  const problems = read.error.issues.map(({ message, path }) => `  - ${path.join('.') || 'the recipe'}: ${message}`);
  throw new NucleusError('RECIPE_INVALID', `${place} is no recipe:\n${problems.join('\n')}`);
}

/** What a core is (`os`, `architecture`, …). */
export type PlatformAttributes = Readonly<Record<string, string>>;

/** The first manifest that fits. @throws NucleusError `NO_MANIFEST` */
export function manifestFor(
  recipe: Recipe,
  platform: PlatformAttributes,
): Manifest & { readonly Lifecycle: Lifecycle } {
  const found = recipe.Manifests.find(({ Platform = {} }) =>
    Object.entries(Platform).every(([key, wanted]) => fits(wanted, platform[key])),
  );
  if (found === undefined) {
    const shown = JSON.stringify(platform);
    throw new NucleusError('NO_MANIFEST', `${recipe.ComponentName} has no manifest for a core that is ${shown}`);
  }
  return { ...found, Lifecycle: found.Lifecycle ?? recipe.Lifecycle ?? { Setenv: {} } };
}

/** An exact value, `*` (also for what is not there), or `/expression/`. */
function fits(wanted: string, value: string | undefined): boolean {
  if (wanted === '*') return true;
  if (value === undefined) return false;
  const expression = /^\/(.*)\/$/s.exec(wanted)?.[1];
  return expression === undefined ? wanted === value : new RegExp(`^(?:${expression})$`).test(value);
}
