/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/page/markup.c - HTML with its style.
 */
#include "report/page/markup.h"

#include "figures/save.h"

/* The classes f-ink, s-ink, ... are those of figures/svg.c. */
static const char style[] =
	":root { color-scheme: light dark; --ink: #1a1a1a; --faint: #5c5c5c; --rule: #dddddd;\n"
	"  --paper: #ffffff; --shade: #f4f4f4; }\n"
	"body { font: 11pt/1.45 system-ui, \"Helvetica Neue\", Arial, sans-serif; color: var(--ink);\n"
	"  background: var(--paper); max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }\n"
	"h1 { font-size: 1.6rem; margin-bottom: 0.2rem; }\n"
	"h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid var(--rule); }\n"
	"p.lead { color: var(--faint); margin-top: 0; }\n"
	"figure { margin: 1.2rem 0; break-inside: avoid; overflow-x: auto; }\n"
	"figure svg { max-width: 100%; height: auto; }\n"
	"figcaption { color: var(--faint); font-size: 0.9rem; }\n"
	".scroll { overflow-x: auto; }\n"
	"table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }\n"
	"th, td { text-align: left; padding: 0.15rem 0.7rem 0.15rem 0; vertical-align: top; }\n"
	"th { border-bottom: 1px solid var(--ink); }\n"
	"td { border-bottom: 1px solid var(--rule); overflow-wrap: anywhere; }\n"
	"td.n { text-align: right; white-space: nowrap; }\n"
	"pre { background: var(--shade); padding: 0.7rem; overflow-x: auto; font-size: 0.8rem;\n"
	"  white-space: pre-wrap; overflow-wrap: anywhere; }\n"
	"svg .f-ink { fill: var(--ink); } svg .s-ink { stroke: var(--ink); }\n"
	"svg .f-faint { fill: var(--faint); } svg .s-faint { stroke: var(--faint); }\n"
	"svg .f-grid { fill: var(--rule); } svg .s-grid { stroke: var(--rule); }\n"
	"svg .f-paper { fill: var(--paper); } svg .s-paper { stroke: var(--paper); }\n"
	"@media (prefers-color-scheme: dark) {\n"
	"  :root { --ink: #e6e6e6; --faint: #a8a8a8; --rule: #444444; --paper: #16181a;\n"
	"    --shade: #22262a; } }\n"
	"@media print {\n"
	"  :root { color-scheme: light; --ink: #000000; --faint: #444444; --rule: #cccccc;\n"
	"    --paper: #ffffff; --shade: #ffffff; }\n"
	"  body { max-width: none; margin: 0; font-size: 9.5pt; } pre { border: 1px solid #cccccc; }\n"
	"  h2 { break-after: avoid; } .scroll, figure { overflow: visible; } }\n";

void fed_page_begin(struct fed_text *out, const char *title)
{
	fed_text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	                  "<title>");
	fed_text_put_markup(out, title);
	fed_text_add(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
	fed_text_put_markup(out, title);
	fed_text_add(out, "</h1>\n");
}

void fed_page_end(struct fed_text *out)
{
	fed_text_add(out, "</body>\n</html>\n");
}

void fed_page_heading(struct fed_text *out, const char *text)
{
	fed_text_add(out, "<h2>");
	fed_text_put_markup(out, text);
	fed_text_add(out, "</h2>\n");
}

void fed_page_figure(struct fed_text *out, const struct fed_drawing *d, const char *caption)
{
	fed_text_add(out, "<figure>\n");
	fed_drawing_svg(d, true, out);
	fed_text_add(out, "<figcaption>");
	fed_text_put_markup(out, caption);
	fed_text_add(out, "</figcaption>\n</figure>\n");
}

/* Tables -------------------------------------------------------------------------------- */

void fed_page_table(struct fed_text *out, const char *const *titles, size_t n)
{
	fed_text_add(out, "<div class=\"scroll\">\n<table>\n<thead><tr>");
	for (size_t i = 0; i < n; i++) {
		fed_text_add(out, "<th scope=\"col\">");
		fed_text_put_markup(out, titles[i]);
		fed_text_add(out, "</th>");
	}
	fed_text_add(out, "</tr></thead>\n<tbody>\n<tr>");
}

static void put_cell(struct fed_text *out, const char *text, const char *attributes)
{
	fed_text_add(out, "<td%s>", attributes);
	fed_text_put_markup(out, text);
	fed_text_add(out, "</td>");
}

void fed_page_cell(struct fed_text *out, const char *text)
{
	put_cell(out, text, "");
}

void fed_page_number(struct fed_text *out, const char *text)
{
	put_cell(out, text, " class=\"n\"");
}

void fed_page_row(struct fed_text *out)
{
	fed_text_add(out, "</tr>\n<tr>");
}

void fed_page_table_end(struct fed_text *out)
{
	/* The row that was opened behind the last one. */
	out->len -= out->failed ? 0 : sizeof "<tr>" - 1;
	fed_text_add(out, "</tbody>\n</table>\n</div>\n");
}
