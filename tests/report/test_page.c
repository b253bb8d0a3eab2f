/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page of a run: elements are closed in order, names are escaped, nothing is loaded. */
#include "report/page/page.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "report/composition_text.h"
#include "session/small.h"
#include "support/html.h"
#include "support/suite.h"

static void write_page(const struct fed_session *s, const char *title, const char *commands,
                       struct fed_text *html)
{
	struct fed_text composition = {0};
	struct fed_error err = {""};

	fed_composition_put(s, NULL, &composition);
	const struct fed_page page = {title, "fedsh <test> & more", commands,
	                              fed_text_str(&composition)};
	fed_text_clear(html);
	fed_assert_ok(fed_page_write(&page, s, html, &err), &err);
	fed_text_put(html, "", 1);
	fed_text_release(&composition);
}

START_TEST(a_page_is_closed_and_loads_nothing)
{
	struct fed_session s;
	struct fed_text html = {0};

	small_compose(&s, NULL, "fedavg");
	write_page(&s, NULL, "", &html); /* before there is anything */
	fed_walk_html(html.s, "svg");
	small_do(&s, "round 3");
	struct fed_error err = {""};
	fed_assert_ok(fed_session_keep_run(&s, "first", &err), &err);
	small_do(&s, "round 2");
	write_page(&s, NULL, "round 5", &html);
	ck_assert_uint_ge(fed_walk_html(html.s, "svg"), 2);
	ck_assert_uint_ge(fed_walk_html(html.s, "table"), 4);
	ck_assert_uint_eq(fed_walk_html(html.s, "script") + fed_walk_html(html.s, "img") +
	                      fed_walk_html(html.s, "link"),
	                  0);
	for (const char *at = html.s; (at = strstr(at, "http")); at++)
		ck_assert_msg(strncmp(at, "http://www.w3.org/2000/svg", 26) == 0, "%.60s", at);
	fed_text_release(&html);
	fed__session_release(&s);
}
END_TEST

START_TEST(names_are_escaped)
{
	struct fed_session s;
	struct fed_text html = {0};

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "round 1");
	write_page(&s, "<script>alert(\"1\")</script> & \x01", "dataset \"a<b\"\nround 1 & 2", &html);
	ck_assert_uint_eq(fed_walk_html(html.s, "script"), 0);
	ck_assert_ptr_nonnull(
		strstr(html.s, "<h1>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; </h1>"));
	ck_assert_ptr_nonnull(strstr(html.s, "dataset &quot;a&lt;b&quot;\nround 1 &amp; 2</pre>"));
	ck_assert_ptr_null(strchr(html.s, 1));
	fed_text_release(&html);
	fed__session_release(&s);
}
END_TEST

/* What it shows is what the session has. */
START_TEST(tables_have_the_figures)
{
	struct fed_session s;
	struct fed_text html = {0}, value = {0};
	const struct fed_field *loss;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "round 70");
	write_page(&s, "a run", "", &html);
	ck_assert_ptr_nonnull(strstr(html.s, "The last 60 of 70 rounds"));
	ck_assert_ptr_null(strstr(html.s, "<td class=\"n\">10</td>")); /* the first of these is 11 */
	ck_assert_ptr_nonnull(strstr(html.s, "<td class=\"n\">11</td>"));
	fed_assert_ok(fed_metric_find("train-loss", &loss, &err), &err);
	fed_metric_put(loss, fed_metric_value(loss, &s.history.record[69]), &value);
	ck_assert_ptr_nonnull(strstr(html.s, fed_text_str(&value)));
	ck_assert_ptr_nonnull(strstr(html.s, "<td>seed</td><td>1</td>"));
	ck_assert_ptr_nonnull(strstr(html.s, "<td>aggregator</td><td>fedavg</td>"));
	fed_text_release(&html);
	fed_text_release(&value);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(page)
{
	Suite *suite = suite_create("page");
	TCase *tests = tcase_create("page");

	tcase_add_test(tests, a_page_is_closed_and_loads_nothing);
	tcase_add_test(tests, names_are_escaped);
	tcase_add_test(tests, tables_have_the_figures);
	suite_add_tcase(suite, tests);
	return suite;
}
