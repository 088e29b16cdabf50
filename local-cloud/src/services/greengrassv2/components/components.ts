import type { CloudComponentStatus } from '@aws-sdk/client-greengrassv2';
import type { Principal } from '../../../core/iam/principal.ts';
import { conflict } from '../errors.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import type { ComponentVersionRecord } from '../records.ts';
import { type Tags, withTags } from '../tags.ts';
import { withDigests } from './artifact-digests.ts';
import { readRecipe } from './read-recipe.ts';

/** Versions that are here can be deployed at once: their artifacts were read before they were made. */
export const DEPLOYABLE: CloudComponentStatus = {
  componentState: 'DEPLOYABLE',
  message: 'NONE',
  errors: {},
  vendorGuidance: 'ACTIVE',
  vendorGuidanceMessage: 'NONE',
};

/**
 * @throws AwsError ValidationException; ConflictException: "Each component version that you upload must be unique"
 * (developer guide, `publish-components`)
 */
export async function createComponentVersion(
  state: GreengrassState,
  principal: Principal,
  recipeBytes: Uint8Array,
  tags: Tags | undefined,
): Promise<ComponentVersionRecord> {
  const { clock, store } = state.context;
  const recipe = readRecipe(recipeBytes);
  const arn = state.componentArn(recipe.name, recipe.version);
  const checked = withTags({}, tags);
  refuseKnown(state, arn, recipe);
  const document = await withDigests(state.context, principal, recipe);
  // Another may have come while the artifacts were read.
  refuseKnown(state, arn, recipe);
  const record: ComponentVersionRecord = {
    arn,
    name: recipe.name,
    version: recipe.version,
    recipe: document,
    createdAt: clock.now(),
    platforms: recipe.manifests.map(({ name, platform }) => ({
      ...(name !== undefined && { name }),
      attributes: { ...platform },
    })),
    ...(recipe.description !== undefined && { description: recipe.description }),
    ...(recipe.publisher !== undefined && { publisher: recipe.publisher }),
    tags: checked,
  };
  state.components.put(arn, record);
  await store.durable();
  return record;
}

function refuseKnown(state: GreengrassState, arn: string, { name, version }: { name: string; version: string }): void {
  if (!state.components.has(arn)) return;
  const { accountId } = state.context.account;
  throw conflict(
    'componentVersion',
    arn,
    `Component [${name} : ${version}] for account [${accountId}] already exists with state: [DEPLOYABLE]`,
  );
}
