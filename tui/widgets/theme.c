/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/widgets/theme.c - colours of each look. */
#include "tui/widgets/theme.h"

#include "tui/widgets/tint.h"

enum { COLORS = FED_COLOR_GREY + 1 };

const char *const fed_theme_names[] = {"auto", "dark", "light", "high-contrast", "terminal", NULL};

/* Plain, then vermillion or crimson, bluish green, orange or yellow, blue, reddish purple, sky
 * blue, grey. */
static const struct {
	uint32_t rgb[COLORS], paper;
	bool light;
} looks[FED_LOOKS] = {
	[FED_LOOK_DARK] = {{0xE6E6E6, 0xE2691C, 0x2FB58A, 0xF0C040, 0x4F9FE0, 0xD98CB8, 0x63C4EE,
                        0x949494},
                       0x141414,
                       false},
	[FED_LOOK_LIGHT] = {{0x1A1A1A, 0xB0001E, 0x007A58, 0x8F6400, 0x0060A8, 0xA8487F, 0x0F709E,
                         0x6C6C6C},
                        0xFFFFFF,
                        true},
	[FED_LOOK_CONTRAST_DARK] = {{0xFFFFFF, 0xFF8F5C, 0x4DFFB8, 0xFFE600, 0x7FC4FF, 0xFFA8DE,
                                 0x6CF0FF, 0xD0D0D0},
                                0x000000,
                                false},
	[FED_LOOK_CONTRAST_LIGHT] = {{0x000000, 0x8A0018, 0x00513A, 0x705400, 0x003A80, 0x7A1F58,
                                  0x004A6B, 0x404040},
                                 0xFFFFFF,
                                 true},
};

/* The look whose colours stand for those that only the terminal knows. */
static enum fed_look known(enum fed_look look)
{
	return look > FED_LOOK_TERMINAL && look < FED_LOOKS ? look : FED_LOOK_LIGHT;
}

enum fed_look fed_look_of(enum fed_theme theme, bool light)
{
	switch (theme) {
	case FED_THEME_DARK:
		return FED_LOOK_DARK;
	case FED_THEME_LIGHT:
		return FED_LOOK_LIGHT;
	case FED_THEME_HIGH_CONTRAST:
		return light ? FED_LOOK_CONTRAST_LIGHT : FED_LOOK_CONTRAST_DARK;
	case FED_THEME_TERMINAL:
		return FED_LOOK_TERMINAL;
	default:
		return light ? FED_LOOK_LIGHT : FED_LOOK_DARK;
	}
}

bool fed__look_light(enum fed_look look)
{
	return looks[look].light;
}

uint32_t fed__look_rgb(enum fed_look look, enum fed_color color)
{
	return looks[known(look)].rgb[color];
}

uint32_t fed__look_paper(enum fed_look look)
{
	return looks[known(look)].paper;
}

uint8_t fed__look_256(enum fed_look look, enum fed_color color)
{
	return fed__nearest_256(fed__look_rgb(look, color));
}

void fed_look_put(struct fed_text *out, enum fed_palette palette, enum fed_color color)
{
	const enum fed_look look = fed_palette_look(palette);
	const uint32_t rgb = fed__look_rgb(look, color);

	if (color == FED_COLOR_PLAIN)
		return;
	if (look == FED_LOOK_TERMINAL || fed_palette_depth(palette) < FED_PALETTE_256)
		fed_text_add(out, ";%d", color == FED_COLOR_GREY ? 90 : 30 + (int)color);
	else if (fed_palette_depth(palette) == FED_PALETTE_TRUE)
		fed_text_add(out, ";38;2;%u;%u;%u", (unsigned)(rgb >> 16), (unsigned)(rgb >> 8 & 0xFF),
		             (unsigned)(rgb & 0xFF));
	else
		fed_text_add(out, ";38;5;%u", fed__look_256(look, color));
}
