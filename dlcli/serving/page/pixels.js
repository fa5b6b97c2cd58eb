// Strokes as the pixels of a small picture, centred and scaled as those of the usual data sets.
//
// MNIST: the digit fits into 20 of 28 pixels, and its centre of mass is that of the picture.
// Digits of 8×8 pixels (UCI): the digit fills the height, and its box is in the middle.

const SCALE = 8; // pixels to draw for each pixel of the result, which is their mean
const MNIST = { box: 20 / 28, pen: 2.6 / 28, byMass: true };
const SMALL = { box: 1, pen: 1.9 / 8, byMass: false, widest: 6 / 8 };
const MAX_SMALL = 16;

/**
 * Return the ImageData of strokes.
 *
 * Strokes are lists of points; their size and place do not matter. The line gets the width that
 * lines have in the training pictures, whatever the size of the drawing.
 */
export function pixelsOf(strokes, { width, height, isLightOnDark }) {
  const style = Math.max(width, height) <= MAX_SMALL ? SMALL : MNIST;
  const side = Math.min(width, height);
  const pen = style.pen * side;
  const fitted = fit(strokes, style, { width, height, side, pen });
  let ink = rasterize(fitted, pen, width, height);
  if (style.byMass && strokes.length) {
    const [dx, dy] = [(width - 1) / 2, (height - 1) / 2].map((c, axis) => c - centre(ink, width)[axis]);
    ink = rasterize(moved(fitted, dx, dy), pen, width, height);
  }
  const data = new ImageData(width, height);
  ink.forEach((value, index) => {
    const grey = Math.round(255 * (isLightOnDark ? value : 1 - value));
    data.data.set([grey, grey, grey, 255], 4 * index);
  });
  return data;
}

/** Scale points so that their lines fit into the box, in the middle of the picture. */
function fit(strokes, style, { width, height, side, pen }) {
  const points = strokes.flat();
  if (!points.length) return [];
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const room = style.box * side - pen;
  const roomAcross = Math.min(room, (style.widest ?? style.box) * side - pen);
  const scale = Math.min(roomAcross / (right - left || 1e-9), room / (bottom - top || 1e-9));
  const used = Number.isFinite(scale) ? Math.min(scale, side) : 0;
  const place = ([x, y]) => [
    width / 2 + (x - (left + right) / 2) * used,
    height / 2 + (y - (top + bottom) / 2) * used,
  ];
  return strokes.map((stroke) => stroke.map(place));
}

const moved = (strokes, dx, dy) =>
  strokes.map((stroke) => stroke.map(([x, y]) => [x + dx, y + dy]));

/** Return the share of each pixel that lines cover. */
function rasterize(strokes, pen, width, height) {
  const canvas = new OffscreenCanvas(width * SCALE, height * SCALE);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.scale(SCALE, SCALE);
  context.lineWidth = pen;
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) {
    context.beginPath();
    context.moveTo(...stroke[0]);
    for (const point of stroke) context.lineTo(...point);
    context.stroke();
  }
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const ink = new Array(width * height).fill(0);
  for (let y = 0; y < canvas.height; y++)
    for (let x = 0; x < canvas.width; x++)
      ink[Math.floor(y / SCALE) * width + Math.floor(x / SCALE)] += data[4 * (y * canvas.width + x) + 3];
  return ink.map((sum) => sum / (255 * SCALE * SCALE));
}

/** Return the centre of mass, in pixels. */
function centre(ink, width) {
  const total = ink.reduce((sum, value) => sum + value, 0) || 1;
  const mean = (place) => ink.reduce((sum, value, index) => sum + value * place(index), 0) / total;
  return [mean((index) => index % width), mean((index) => Math.floor(index / width))];
}
