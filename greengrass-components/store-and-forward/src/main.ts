import { runComponent } from '../../shared/src/run-component.ts';
import { configurationSchema } from './configuration.ts';
import { StoreAndForward } from './store-and-forward.ts';

runComponent(new StoreAndForward(), configurationSchema);
