import { capture } from './acts/capture.js';
import { crash } from './acts/crash.js';
import { erasure } from './acts/erasure.js';
import { granting } from './acts/granting.js';
import { reading } from './acts/reading.js';
import { revocation } from './acts/revocation.js';
import { search } from './acts/search.js';
import { tampering } from './acts/tampering.js';
import { verifyGreen } from './acts/verifying.js';
import { figuresOf, type Figures } from './figures.js';
import type { Stage } from './stage.js';
import type { Told } from './told.js';

/** The main job of Custos, and what must not be possible beside it. @throws at the first step that does not hold. */
export async function playStory(stage: Stage, { act, step }: Told): Promise<Figures> {
  act('The vault');
  await step('The service starts with a PostgreSQL of its own', async () => {
    await stage.service.start();
    return [`ready on ${stage.service.url}`, undefined];
  });

  act('Recording');
  const captured = await capture(stage);
  act('Asking');
  const grant = await granting(stage);
  act('Reading');
  await reading(stage, grant);
  act('Looking back');
  await revocation(stage, grant);
  act('Tampering');
  await verifyGreen(stage, 'The log verifies');
  await tampering(stage);
  act('Erasing');
  await erasure(stage);
  act('Crashing');
  const generated = await crash(stage);
  const figures = await figuresOf(stage, captured, generated);
  act('Searching');
  await search(stage);
  return figures;
}
