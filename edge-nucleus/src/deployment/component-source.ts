import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Recipe, readRecipe } from '../recipe/recipe.ts';

/** A version of a component that can be had. */
export interface AvailableComponent {
  readonly recipe: Recipe;
  /** As it was written. */
  readonly recipeText: string;
  /** Where an artifact's bytes are; undefined: not here. @param fileName last part of its URI */
  artifact(fileName: string): string | undefined;
}

const RECIPE = /\.(?:ya?ml|json)$/;

/**
 * Built components below a directory, of either form:
 * - `<component>/recipe.yaml` with its artifacts beside it or in `dist/`, the component's directory one or two levels down;
 * - `recipes/*.yaml` and `artifacts/<name>/<version>/<file>`, as the Greengrass CLI takes them.
 * Read anew at each call: what is built meanwhile is found.
 * @throws NucleusError `RECIPE_INVALID`
 */
export function componentsIn(directory: string): AvailableComponent[] {
  const found: AvailableComponent[] = [];
  for (const file of recipeFiles(directory)) {
    const recipeText = readFileSync(file, 'utf8');
    const recipe = readRecipe(recipeText, file);
    const { ComponentName, ComponentVersion } = recipe;
    const places = /^recipes$/.test(basename(dirname(file)))
      ? [join(dirname(dirname(file)), 'artifacts', ComponentName, ComponentVersion)]
      : [dirname(file), join(dirname(file), 'dist')];
    found.push({
      recipe,
      recipeText,
      artifact: (fileName) => places.map((place) => join(place, fileName)).find((path) => existsSync(path)),
    });
  }
  return found;
}

function recipeFiles(directory: string): string[] {
  const listed = filesIn(join(directory, 'recipes')).filter((file) => RECIPE.test(file));
  const own = (place: string): string[] =>
    ['recipe.yaml', 'recipe.yml', 'recipe.json'].map((name) => join(place, name)).filter((file) => existsSync(file));
  const below = directoriesIn(directory).filter((place) => !/^(?:recipes|artifacts)$/.test(basename(place)));
  return [
    ...listed,
    ...[directory, ...below].flatMap(own),
    ...below.flatMap((place) => directoriesIn(place)).flatMap(own),
  ];
}

function filesIn(directory: string): string[] {
  return existsSync(directory)
    ? readdirSync(directory)
        .sort()
        .map((name) => join(directory, name))
    : [];
}

function directoriesIn(directory: string): string[] {
  return filesIn(directory).filter((path) => basename(path) !== 'node_modules' && statSync(path).isDirectory());
}
