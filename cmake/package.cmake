# SPDX-License-Identifier: GPL-3.0-or-later
# `cpack --config build/CPackConfig.cmake` makes a Debian package.  The libraries that it depends on
# are read from the program by dpkg-shlibdeps (package dpkg-dev).
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME fedsh)
set(CPACK_PACKAGE_VENDOR "the fedsh authors")
set(CPACK_PACKAGE_CONTACT "the fedsh authors <fedsh@localhost>")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR})
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
	OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS dataset-fashion-mnist)
# descriptions of terminals with true colours (tui/terminal.c)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS ncurses-term)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Federated, split and asynchronous learning with simulated clients, devices,
links, faults and attacks: composed at a prompt, watched on a full screen,
stopped at any event, and extended by plugins of one C file each.")
if(OPENBLAS_LIBRARY MATCHES "/openblas-pthread/") # any build of OpenBLAS would do for its symbols
	set(CPACK_DEBIAN_PACKAGE_DEPENDS libopenblas0-pthread)
endif()
include(CPack)
