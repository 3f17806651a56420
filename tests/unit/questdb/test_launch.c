#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/json.h"
#include "products/questdb/launch.h"

static void rewrites(const char *was, struct launch_want want, const char *now)
{
	autojson json_t *argv = NULL, *out = NULL;
	autobuf struct buf line = BUF_MAX(16 << 10);
	struct err e = ERR_INIT;

	if (launch_split(was, &argv, &e) < 0 || launch_rewrite(argv, &want, &out, &e) < 0)
		fail_msg("'%s': %s", was, e.msg);
	launch_join(out, &line);
	assert_string_equal(buf_str(&line), now);
}

static void follows_the_edition(void **state)
{
	rewrites("java -Xmx2g -ea -p /q/a.jar -m io.questdb/io.questdb.ServerMain -d /r -n",
		 (struct launch_want){ .jar = "/q/b.jar", .enterprise = true },
		 "java -Xmx2g -ea -p /q/b.jar -m com.questdb/com.questdb.EntServerMain -d /r -n");
	rewrites("/o/bin/java --add-opens=java.base/java.lang=io.questdb,com.questdb,x --module "
		 "com.questdb/com.questdb.EntServerMain -d /r",
		 (struct launch_want){ .java = "/n/bin/java" },
		 "/n/bin/java --add-opens=java.base/java.lang=io.questdb,x -m "
		 "io.questdb/io.questdb.ServerMain -d /r");
	rewrites("java --add-opens java.base/java.util=ALL-UNNAMED --module-path=/q/a.jar "
		 "--module=io.questdb/io.questdb.ServerMain -d /r",
		 (struct launch_want){ .jar = "/q/b.jar" },
		 "java --add-opens java.base/java.util=ALL-UNNAMED -p /q/b.jar -m "
		 "io.questdb/io.questdb.ServerMain -d /r");
	rewrites("java -jar /q/a.jar -d /r", (struct launch_want){ .jar = "/q/b.jar" },
		 "java -p /q/b.jar -m io.questdb/io.questdb.ServerMain -d /r");
}

static void follows_the_java(void **state)
{
	const char *of17 = "java --add-exports java.base/jdk.internal.math=io.questdb -p a.jar -m "
			   "io.questdb/io.questdb.ServerMain -d /r";
	const char *of25 = "java --sun-misc-unsafe-memory-access=allow "
			   "--enable-native-access=io.questdb,com.questdb "
			   "--add-opens=java.base/java.lang=io.questdb,com.questdb "
			   "--add-opens=java.base/java.lang.reflect=io.questdb,com.questdb "
			   "--add-opens=java.base/java.nio=io.questdb,com.questdb "
			   "--add-opens=java.base/java.time.zone=io.questdb,com.questdb "
			   "--add-exports=java.base/jdk.internal.vm=io.questdb,com.questdb -m "
			   "com.questdb/com.questdb.EntServerMain -d /r";

	rewrites(of17, (struct launch_want){ .jar = "a.jar", .java_needed = 17 }, of17);
	rewrites(of17, (struct launch_want){ .enterprise = true, .java_needed = 25 }, of25);
	rewrites(of25, (struct launch_want){ .jar = "a.jar", .java_needed = 17 },
		 "java --add-exports=java.base/jdk.internal.math=io.questdb -p a.jar -m "
		 "io.questdb/io.questdb.ServerMain -d /r");
	rewrites(of25, (struct launch_want){ .enterprise = true, .java_needed = 25 }, of25);
}

static void refuses(const char *line, enum err_kind kind)
{
	struct launch_want want = { .jar = "b.jar" };
	autojson json_t *argv = NULL, *out = NULL;
	struct err e = ERR_INIT;
	int r = launch_split(line, &argv, &e);

	if (r >= 0)
		r = launch_rewrite(argv, &want, &out, &e);
	assert_int_equal(r, -(int)kind);
}

static void refuses_what_it_cannot_carry(void **state)
{
	refuses("", ERR_FORMAT);
	refuses("/opt/questdb/bin/questdb.sh start -d /r", ERR_FORMAT);
	refuses("java -cp /q/a.jar io.questdb.ServerMain -d /r", ERR_REFUSED);
	refuses("java -d \"/r", ERR_FORMAT);
	refuses("java -m", ERR_OK);
}

static void keeps_words(void **state)
{
	static const char line[] = "java \"-Dnote=a b\" \"-Dq=\\\"x\\\"\" -d ${QDB_ROOT} %i";
	autojson json_t *argv = NULL;
	autobuf struct buf out = BUF_MAX(4096);
	struct err e = ERR_INIT;

	assert_int_equal(launch_split(line, &argv, &e), 0);
	assert_string_equal(json_string_value(json_array_get(argv, 1)), "-Dnote=a b");
	assert_string_equal(json_string_value(json_array_get(argv, 2)), "-Dq=\"x\"");
	launch_join(argv, &out);
	assert_string_equal(buf_str(&out), line);
}

static void knows_classes(void **state)
{
	assert_true(launch_same_class("io.questdb.ServerMain", launch_main_class(false)));
	assert_false(launch_same_class("io.questdb.ServerMain", launch_main_class(true)));
	assert_false(launch_same_class(NULL, launch_main_class(true)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_edition),
		cmocka_unit_test(follows_the_java),
		cmocka_unit_test(refuses_what_it_cannot_carry),
		cmocka_unit_test(keeps_words),
		cmocka_unit_test(knows_classes),
	};

	return cmocka_run_group_tests_name("questdb launch", tests, NULL, NULL);
}
