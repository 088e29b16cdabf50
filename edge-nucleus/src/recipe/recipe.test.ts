import { manifestFor, readRecipe } from './recipe.ts';

/** Source: AWS IoT Greengrass developer guide, "AWS IoT Greengrass component recipe reference". */

const RECIPE = `
RecipeFormatVersion: '2020-01-25'
ComponentName: com.example.Hello
ComponentVersion: 1.2.3
ComponentConfiguration:
  DefaultConfiguration:
    message: hello
ComponentDependencies:
  com.example.Other:
    VersionRequirement: ^2.0.0
    DependencyType: SOFT
Manifests:
  - Platform:
      os: /windows|darwin/
    Lifecycle:
      Run: elsewhere
  - Platform:
      os: linux
      architecture: '*'
    Lifecycle:
      Setenv:
        LEVEL: 1
      Install:
        Script: prepare
        Skipif: exists /ready
      Run: node {artifacts:path}/hello.js
    Artifacts:
      - URI: s3://bucket/hello.js
`;

test('a recipe is read, with the defaults of the reference', () => {
  const recipe = readRecipe(RECIPE, 'recipe.yaml');
  const { Artifacts, Lifecycle } = manifestFor(recipe, { os: 'linux' });
  expect(Lifecycle).toMatchObject({
    Setenv: { LEVEL: '1' },
    Install: { Script: 'prepare', Skipif: 'exists /ready', Timeout: 120, RequiresPrivilege: false },
    Run: { Script: 'node {artifacts:path}/hello.js' },
  });
  expect(Artifacts).toEqual([{ URI: 's3://bucket/hello.js', Unarchive: 'NONE' }]);
  expect(recipe.ComponentDependencies).toEqual({
    'com.example.Other': { VersionRequirement: '^2.0.0', DependencyType: 'SOFT' },
  });
});

test('steps of the lifecycle may begin with a small letter, as nucleus lite wants them', () => {
  const recipe = readRecipe(RECIPE.replace('Install:', 'install:').replaceAll('Run:', 'run:'), 'recipe.yaml');
  expect(manifestFor(recipe, { os: 'linux' }).Lifecycle).toMatchObject({
    Install: { Script: 'prepare' },
    Run: { Script: 'node {artifacts:path}/hello.js' },
  });
});

test('the first manifest that fits is taken; a core that none fits is told so', () => {
  const recipe = readRecipe(RECIPE, 'recipe.yaml');
  expect(manifestFor(recipe, { os: 'darwin' }).Lifecycle.Run?.Script).toBe('elsewhere');
  expect(() => manifestFor(recipe, { os: 'linuxes' })).toThrow('no manifest for a core that is {"os":"linuxes"}');
});

test.each([
  ['another format', /2020-01-25/, '2021-01-01', 'RecipeFormatVersion'],
  ['a version that is none', /1\.2\.3/, '1.2', 'ComponentVersion'],
  ['a step that nobody knows', /Install:/, 'Instal:', 'Manifests.1.Lifecycle'],
  ['a check that nobody knows', /exists \/ready/, 'maybe', 'Manifests.1.Lifecycle.Install.Skipif'],
  ['an artifact without a name', /s3:\/\/bucket\/hello.js/, 's3://bucket', 'Manifests.1.Artifacts.0.URI'],
])('%s is refused with its place', (_what, from, to, place) => {
  expect(() => readRecipe(RECIPE.replace(from, to), 'recipe.yaml')).toThrow(place);
});

test('what is no YAML is refused with the place in the text', () => {
  expect(() => readRecipe('a: [', 'recipe.yaml')).toThrow(/recipe\.yaml is no YAML: .*line 1/s);
});
