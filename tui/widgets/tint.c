/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/widgets/tint.c - colours and letters of tints. */
#include "tui/widgets/tint.h"

#include <stdlib.h>

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

uint16_t fed__tint(unsigned class, int shade)
{
	return (uint16_t)(1 + (class % FED_TINT_CLASSES) * STEPS + (unsigned)shade);
}

static bool is_pixel(uint16_t tint)
{
	return tint >= FED_TINT_PIXEL;
}

static unsigned class_of(uint16_t tint)
{
	return (tint - 1u) / STEPS;
}

static int shade_of(uint16_t tint)
{
	return (int)((tint - 1u) % STEPS);
}

bool fed__tint_is_mark(uint16_t tint)
{
	return tint && !is_pixel(tint) && shade_of(tint) == FED_TINT_MARK;
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

/* From the ramp of greys or the cube. */
uint16_t fed_tint_pixel(const double rgb[3])
{
	int part[3];

	for (int k = 0; k < 3; k++)
		part[k] = (int)(255 * (rgb[k] > 0 ? rgb[k] < 1 ? rgb[k] : 1 : 0) + 0.5);
	if (abs(part[0] - part[1]) < 8 && abs(part[1] - part[2]) < 8 && abs(part[0] - part[2]) < 8) {
		const int grey = part[1]; /* 0, 8, 18, ... 238, 255 */

		return (uint16_t)(FED_TINT_PIXEL + (grey < 4     ? 16
		                                    : grey > 246 ? 231
		                                    : grey > 238 ? 255
		                                                 : 231 + (grey + 7) / 10));
	}
	for (int k = 0; k < 3; k++) /* 0, 95, 135, ... 255 */
		part[k] = part[k] < 48 ? 0 : part[k] < 115 ? 1 : (part[k] - 35) / 40;
	return (uint16_t)(FED_TINT_PIXEL + 16 + 36 * part[0] + 6 * part[1] + part[2]);
}

uint32_t fed_tint_rgb(uint16_t tint, bool light)
{
	if (is_pixel(tint))
		return fixed_rgb(tint - FED_TINT_PIXEL);
	const uint32_t hue = hues[class_of(tint) % HUES].rgb;
	const unsigned shade = (unsigned)shade_of(tint);

	if (shade == FED_TINT_MARK)
		return light ? mix(hue, 0x000000, 50) : mix(hue, 0xFFFFFF, 55);
	return light ? mix(0xFFFFFF, hue, 12 + 10 * shade) : mix(0x141414, hue, 22 + 10 * shade);
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

uint8_t fed__nearest_256(uint32_t rgb)
{
	uint32_t best = 16;

	for (uint32_t number = 17; number < 256; number++)
		if (unlike(fixed_rgb(number), rgb) < unlike(fixed_rgb(best), rgb))
			best = number;
	return (uint8_t)best;
}

uint8_t fed__tint_256(uint16_t tint, bool light)
{
	return is_pixel(tint) ? (uint8_t)(tint - FED_TINT_PIXEL)
	                      : fed__nearest_256(fed_tint_rgb(tint, light));
}

uint8_t fed__tint_color(uint16_t tint)
{
	return is_pixel(tint) ? FED_COLOR_PLAIN : hues[class_of(tint) % HUES].color;
}

/* Luma of ITU-R BT.601. */
static char density(uint32_t rgb)
{
	static const char signs[] = " .:-=+*#%@";
	const uint32_t light = 299 * (rgb >> 16) + 587 * (rgb >> 8 & 0xFF) + 114 * (rgb & 0xFF);

	return signs[light * (sizeof signs - 2) / 255000];
}

char fed__tint_letter(uint16_t tint)
{
	if (is_pixel(tint))
		return density(fixed_rgb(tint - FED_TINT_PIXEL));
	const char first = fed__tint_is_mark(tint) ? 'A' : 'a';

	if (!fed__tint_is_mark(tint) && shade_of(tint) < UNSURE)
		return '.';
	return (char)(first + (char)class_of(tint));
}
