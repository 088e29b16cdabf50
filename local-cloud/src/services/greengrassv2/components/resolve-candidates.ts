import type { ComponentCandidate, ComponentPlatform, ResolvedComponentVersion } from '@aws-sdk/client-greengrassv2';
import semver from 'semver';
import { notFound, validation } from '../errors.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import type { ComponentVersionRecord } from '../records.ts';

/**
 * API ResolveComponentCandidates: for each candidate the version that all requirements and the platform take. Words of its refusals are
 * what the nucleus looks for ("claim platform", "no usable version": nucleus, `ComponentServiceHelper.java`).
 *
 * assumed: a named version that fits is kept, otherwise it is the newest.
 *
 * @throws AwsError ValidationException, ResourceNotFoundException
 */
export function resolveCandidate(
  state: GreengrassState,
  { componentName = '', componentVersion, versionRequirements = {} }: ComponentCandidate,
  platform: ComponentPlatform | undefined,
): ResolvedComponentVersion {
  const ranges = Object.values(versionRequirements);
  const broken = ranges.find((range) => semver.validRange(range) === null);
  if (broken !== undefined) throw validation(`The version requirement ${broken} of ${componentName} is no range`);
  const account = state.context.account.accountId;
  const fitting = state
    .versionsOf(componentName)
    .filter(({ version }) => ranges.every((range) => range === version || semver.satisfies(version, range)))
    .sort((a, b) => semver.rcompare(a.version, b.version));
  if (fitting.length === 0) {
    const wanted = Object.entries(versionRequirements).map(([by, range]) => `${by} requires ${range}`);
    throw notFound(
      'componentVersion',
      state.componentArn(componentName),
      `Component [${componentName}] for account [${account}] has no usable version satisfying [${wanted.join(', ')}]`,
    );
  }
  const attributes = platform?.attributes ?? {};
  const usable = fitting.filter((component) => runsOn(component, attributes));
  const chosen = usable.find(({ version }) => version === componentVersion) ?? usable[0];
  if (chosen === undefined) {
    throw notFound(
      'componentVersion',
      state.componentArn(componentName),
      `The versions of component [${componentName}] for account [${account}] do not claim platform [${JSON.stringify(attributes)}] compatibility`,
    );
  }
  return {
    arn: chosen.arn,
    componentName,
    componentVersion: chosen.version,
    recipe: Buffer.from(JSON.stringify(chosen.recipe)),
    vendorGuidance: 'ACTIVE',
  };
}

function runsOn({ platforms }: ComponentVersionRecord, attributes: Readonly<Record<string, string>>): boolean {
  return platforms.some(({ attributes: wanted = {} }) =>
    Object.entries(wanted).every(([key, value]) => fits(value, attributes[key])),
  );
}

/** An exact value, `*` (also for what is not there), or `/expression/` (developer guide, `component-recipe-reference`, "Platform"). */
function fits(wanted: string, value: string | undefined): boolean {
  if (wanted === '*') return true;
  if (value === undefined) return false;
  const expression = /^\/(.*)\/$/s.exec(wanted)?.[1];
  if (expression === undefined) return wanted === value;
  try {
    return new RegExp(`^(?:${expression})$`).test(value);
  } catch {
    return false;
  }
}
