import type {
  CreateComponentVersionRequest,
  CreateComponentVersionResponse,
  DeleteComponentRequest,
  DescribeComponentRequest,
  DescribeComponentResponse,
  GetComponentRequest,
  GetComponentResponse,
  ListComponentsRequest,
  ListComponentsResponse,
  ListComponentVersionsRequest,
  ListComponentVersionsResponse,
} from '@aws-sdk/client-greengrassv2';
import semver from 'semver';
import { stringify } from 'yaml';
import { parseArn } from '../../../core/account.ts';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { ClientTokens } from '../client-tokens.ts';
import { createComponentVersion, DEPLOYABLE } from '../components/components.ts';
import { notFound, validation } from '../errors.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import { page } from '../page.ts';
import type { ComponentVersionRecord } from '../records.ts';
import { requestTags, resourceTags } from '../tags.ts';

/** AWS IoT Greengrass V2 API reference; service authorization reference, "Actions defined by AWS IoT Greengrass V2". */
export function componentOperations(state: GreengrassState, tokens: ClientTokens): Operation[] {
  const permission = (action: string, resource: string | undefined) => [
    {
      action: `greengrass:${action}`,
      resource: resource ?? '*',
      conditions: resourceTags(state.components.get(resource ?? '')?.tags),
    },
  ];

  const create: Operation<CreateComponentVersionRequest, CreateComponentVersionResponse> = {
    name: 'CreateComponentVersion',
    authorize: ({ tags }) => [
      { action: 'greengrass:CreateComponentVersion', resource: '*', conditions: requestTags(tags) },
    ],
    async handle({ clientToken, inlineRecipe, lambdaFunction, tags }, { principal }) {
      if (lambdaFunction !== undefined) throw new NotImplementedError('lambdaFunction of CreateComponentVersion');
      if (inlineRecipe === undefined) throw validation('One of inlineRecipe and lambdaFunction is required');
      const known = state.components.get(tokens.find('CreateComponentVersion', clientToken) ?? '');
      const made = known ?? (await createComponentVersion(state, principal, inlineRecipe, tags));
      if (known === undefined) tokens.keep('CreateComponentVersion', clientToken, made.arn);
      return {
        arn: made.arn,
        componentName: made.name,
        componentVersion: made.version,
        creationTimestamp: new Date(made.createdAt),
        // It goes on by itself (API reference, CloudComponentState); here it is done by then.
        status: { ...DEPLOYABLE, componentState: 'REQUESTED' },
      };
    },
  };

  const get: Operation<GetComponentRequest, GetComponentResponse> = {
    name: 'GetComponent',
    authorize: ({ arn }) => permission('GetComponent', arn),
    handle({ arn, recipeOutputFormat = 'JSON' }) {
      new ConstraintViolations().oneOf('recipeOutputFormat', recipeOutputFormat, ['JSON', 'YAML']).throwIfAny();
      const { recipe, tags } = state.requireComponent(arn);
      const text = recipeOutputFormat === 'YAML' ? stringify(recipe) : JSON.stringify(recipe);
      return { recipeOutputFormat, recipe: Buffer.from(text), tags: { ...tags } };
    },
  };

  const describe: Operation<DescribeComponentRequest, DescribeComponentResponse> = {
    name: 'DescribeComponent',
    authorize: ({ arn }) => permission('DescribeComponent', arn),
    handle({ arn }) {
      const component = state.requireComponent(arn);
      return {
        arn: component.arn,
        componentName: component.name,
        componentVersion: component.version,
        ...detailsOf(component),
        status: DEPLOYABLE,
        tags: { ...component.tags },
      };
    },
  };

  const list: Operation<ListComponentsRequest, ListComponentsResponse> = {
    name: 'ListComponents',
    authorize: () => [{ action: 'greengrass:ListComponents', resource: '*' }],
    handle(input) {
      new ConstraintViolations().oneOf('scope', input.scope, ['PRIVATE', 'PUBLIC']).throwIfAny();
      if (input.scope === 'PUBLIC') throw new NotImplementedError('ListComponents of the scope PUBLIC');
      const names = [...new Set([...state.components.values()].map(({ name }) => name))].sort();
      const { items, token } = page(names, (name) => name, input);
      const components = items.map((componentName) => {
        const [latest] = newestFirst(state.versionsOf(componentName)) as [ComponentVersionRecord];
        const { arn, version } = latest;
        return {
          arn: state.componentArn(componentName),
          componentName,
          latestVersion: { arn, componentVersion: version, ...detailsOf(latest) },
        };
      });
      return { components, ...token };
    },
  };

  const listVersions: Operation<ListComponentVersionsRequest, ListComponentVersionsResponse> = {
    name: 'ListComponentVersions',
    authorize: ({ arn }) => permission('ListComponentVersions', arn),
    handle(input) {
      const name = /^components:([^:]+)$/.exec(parseArn(input.arn ?? '')?.resource ?? '')?.[1];
      if (name === undefined) throw validation(`The ARN ${input.arn} is not that of a component`);
      const versions = newestFirst(state.versionsOf(name));
      if (versions.length === 0) throw notFound('component', input.arn as string);
      const { items, token } = page(versions, ({ arn }) => arn, input);
      return {
        componentVersions: items.map(({ arn, version }) => ({ componentName: name, componentVersion: version, arn })),
        ...token,
      };
    },
  };

  const remove: Operation<DeleteComponentRequest, object> = {
    name: 'DeleteComponent',
    authorize: ({ arn }) => permission('DeleteComponent', arn),
    async handle({ arn }) {
      state.components.delete(state.requireComponent(arn).arn);
      await state.context.store.durable();
      return {};
    },
  };

  return [create, get, describe, list, listVersions, remove];
}

function detailsOf({ createdAt, description, platforms, publisher }: ComponentVersionRecord) {
  return {
    creationTimestamp: new Date(createdAt),
    ...(description !== undefined && { description }),
    ...(publisher !== undefined && { publisher }),
    platforms: [...platforms],
  };
}

function newestFirst(versions: readonly ComponentVersionRecord[]): ComponentVersionRecord[] {
  return [...versions].sort((a, b) => semver.rcompare(a.version, b.version));
}
