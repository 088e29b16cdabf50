import { type AvailableComponent, readRecipe } from '../../edge-nucleus/src/index.ts';
import { chooseComponents } from './choose-components.ts';

const component = (name: string, version: string): AvailableComponent => {
  const recipeText = JSON.stringify({
    RecipeFormatVersion: '2020-01-25',
    ComponentName: name,
    ComponentVersion: version,
    Manifests: [{}],
  });
  return { recipe: readRecipe(recipeText, 'recipe'), recipeText, artifact: () => undefined };
};
const THERE = [
  component('com.fleetwright.EdgeAggregator', '1.9.0'),
  component('com.fleetwright.EdgeAggregator', '1.10.0'),
  component('com.example.LocalRules', '0.1.0'),
  component('com.fleetwright.LocalRules', '2.0.0'),
];

test('components are chosen by their short names in their newest versions', () => {
  expect(chooseComponents(['edge-aggregator', 'com.example.LocalRules'], THERE)).toEqual({
    components: {
      'com.fleetwright.EdgeAggregator': { version: '1.10.0' },
      'com.example.LocalRules': { version: '0.1.0' },
    },
  });
  expect(Object.keys(chooseComponents([], THERE).components)).toHaveLength(3);
});

test('a name that is none, or two, is refused with what there is', () => {
  expect(() => chooseComponents(['gateway'], THERE)).toThrow(
    /no component gateway\. There is: com\.fleetwright\.EdgeAgg/,
  );
  expect(() => chooseComponents(['local-rules'], THERE)).toThrow(
    /com\.example\.LocalRules or com\.fleetwright\.LocalRules/,
  );
  expect(() => chooseComponents([], [])).toThrow(/are they built/);
});
