/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/widgets/tint.c - colours and letters of tints. */
#include "tui/widgets/tint.h"

#include "tui/widgets/canvas.h"

enum { STEPS = FED_TINT_SHADES + 1, HUES = 8, UNSURE = 1 /* shades below are shown as '.' */ };

static const struct {
	uint32_t rgb;
	uint8_t color; /* enum fed_color */
} hues[HUES] = {
	{0x0072B2, FED_COLOR_BLUE},    {0xE69F00, FED_COLOR_YELLOW}, {0x009E73, FED_COLOR_GREEN},
	{0xCC79A7, FED_COLOR_MAGENTA}, {0x56B4E9, FED_COLOR_CYAN},   {0xD55E00, FED_COLOR_RED},
	{0xF0E442, FED_COLOR_PLAIN},   {0x999999, FED_COLOR_GREY},
};

uint8_t fed__tint(unsigned class, int shade)
{
	return (uint8_t)(1 + (class % FED_TINT_CLASSES) * STEPS + (unsigned)shade);
}

static unsigned class_of(uint8_t tint)
{
	return (tint - 1u) / STEPS;
}

static int shade_of(uint8_t tint)
{
	return (int)((tint - 1u) % STEPS);
}

bool fed__tint_is_mark(uint8_t tint)
{
	return tint && shade_of(tint) == FED_TINT_MARK;
}

/* Mix two colours, `percent` of the second. */
static uint32_t mix(uint32_t a, uint32_t b, unsigned percent)
{
	uint32_t out = 0;

	for (int shift = 0; shift <= 16; shift += 8) {
		const uint32_t x = a >> shift & 0xFF, y = b >> shift & 0xFF;
		out |= (x * (100 - percent) + y * percent + 50) / 100 << shift;
	}
	return out;
}

uint32_t fed__tint_rgb(uint8_t tint, bool light)
{
	const uint32_t hue = hues[class_of(tint) % HUES].rgb;
	const unsigned shade = (unsigned)shade_of(tint);

	if (shade == FED_TINT_MARK)
		return light ? mix(hue, 0x000000, 50) : mix(hue, 0xFFFFFF, 55);
	return light ? mix(0xFFFFFF, hue, 12 + 10 * shade) : mix(0x141414, hue, 22 + 10 * shade);
}

/* Colour `number` of the 240 that every terminal of 256 has: a cube of 6 x 6 x 6, and 24 greys. */
static uint32_t fixed_rgb(uint32_t number)
{
	const uint32_t cube = number - 16;
	uint32_t out = 0;

	if (number >= 232)
		return (8 + 10 * (number - 232)) * 0x010101;
	for (uint32_t shift = 0, step = cube; shift <= 16; shift += 8, step /= 6)
		out |= (step % 6 ? 55 + 40 * (step % 6) : 0) << shift;
	return out;
}

static int channel(uint32_t rgb, int shift)
{
	return (int)(rgb >> shift & 0xFF);
}

/* How unlike two colours are: another hue is worse than another lightness. */
static int unlike(uint32_t a, uint32_t b)
{
	const int red = channel(a, 16) - channel(b, 16), green = channel(a, 8) - channel(b, 8),
			  blue = channel(a, 0) - channel(b, 0);

	return (red + green + blue) * (red + green + blue) / 9 +
	       2 * ((red - green) * (red - green) + (green - blue) * (green - blue));
}

uint8_t fed__tint_256(uint8_t tint, bool light)
{
	const uint32_t rgb = fed__tint_rgb(tint, light);
	uint32_t best = 16;

	for (uint32_t number = 17; number < 256; number++)
		if (unlike(fixed_rgb(number), rgb) < unlike(fixed_rgb(best), rgb))
			best = number;
	return (uint8_t)best;
}

uint8_t fed__tint_color(uint8_t tint)
{
	return hues[class_of(tint) % HUES].color;
}

char fed__tint_letter(uint8_t tint)
{
	const char first = fed__tint_is_mark(tint) ? 'A' : 'a';

	if (!fed__tint_is_mark(tint) && shade_of(tint) < UNSURE)
		return '.';
	return (char)(first + (char)class_of(tint));
}
