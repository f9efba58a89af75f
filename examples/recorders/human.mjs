/**
 * Hands and eyes for a driven browser: real keys one by one, a mouse that travels, a wheel that turns.
 * Delays come from a fixed seed, so two runs differ only in what the browser itself does.
 */
export function human(page, seed = 20_261) {
  const random = mulberry32(seed);
  const between = (low, high) => low + random() * (high - low);
  const pause = (low, high) => page.waitForTimeout(between(low, high));
  let at = { x: 640, y: 120 };

  async function moveTo(target) {
    const from = at;
    const bend = between(-60, 60);
    const steps = Math.round(between(14, 22));
    for (let step = 1; step <= steps; step++) {
      const t = step / steps;
      const eased = t * t * (3 - 2 * t);
      const x = from.x + (target.x - from.x) * eased;
      const y = from.y + (target.y - from.y) * eased + bend * Math.sin(Math.PI * t);
      await page.mouse.move(x, Math.max(1, y));
      await pause(12, 30);
    }
    at = target;
  }

  async function click(selector) {
    // The element may be below the fold, and a mouse can only point at what is on the screen.
    const box = await page.locator(selector).boundingBox();
    if (!box) throw new Error(`${selector} is not on the page`);
    await moveTo({
      x: box.x + Math.min(box.width, 220) * between(0.3, 0.7),
      y: box.y + Math.min(box.height, 40) * between(0.4, 0.6),
    });
    await page.mouse.down();
    await pause(40, 90);
    await page.mouse.up();
    await pause(200, 450);
  }

  async function type(text) {
    for (const letter of text) {
      await page.keyboard.press(letter === ' ' ? 'Space' : letter);
      await (/[ .,@?]/.test(letter) ? pause(140, 320) : pause(55, 150));
    }
    await pause(150, 400);
  }

  async function rubOut(letters) {
    for (let left = letters; left > 0; left--) {
      await page.keyboard.press('Backspace');
      await pause(90, 170);
    }
  }

  /** Turns the wheel notch by notch; a negative distance goes up. */
  async function scroll(distancePixels) {
    const notch = 100 * Math.sign(distancePixels);
    for (let left = distancePixels; Math.abs(left) > 0; left -= notch) {
      await page.mouse.wheel(0, notch);
      await pause(110, 380);
    }
  }

  return { moveTo, click, type, rubOut, scroll, pause };
}

function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
